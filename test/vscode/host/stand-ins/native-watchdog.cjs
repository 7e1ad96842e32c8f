// In place of a native module without prebuilt binary: ends this process soon after the one that started it.
let timer;
exports.start = (pid) => {
  timer ??= setInterval(() => {
    try {
      process.kill(pid, 0);
    } catch {
      process.exit(87);
    }
  }, 3000);
  timer.unref();
};
exports.exit = (code) => process.exit(code || 0);
