/**
 * The suite in a desktop VS Code, which @vscode/test-electron downloads. As a program: `electron.ts EXTENSION SUITE WORKSPACE`.
 */
import process from 'node:process';
import { runTests } from '@vscode/test-electron';

/** Whether to use a desktop VS Code: said by REFAULT_TEST_EDITOR, never by itself in CI, else where a download and a display are to be had. */
export async function canRunElectron(): Promise<boolean> {
  const said = process.env['REFAULT_TEST_EDITOR'];
  if (said) return said === 'electron';
  if (process.env['CI']) return false; // what is tested must not depend on the network's mood
  const hasDisplay = process.platform !== 'linux' || Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']);
  if (!hasDisplay) return false;
  try {
    const answer = await fetch('https://update.code.visualstudio.com/api/releases/stable', {
      signal: AbortSignal.timeout(3000),
    });
    return answer.ok;
  } catch {
    return false;
  }
}

if (import.meta.main) {
  const [extensionDevelopmentPath, extensionTestsPath, workspace] = process.argv.slice(2);
  const executable = process.env['VSCODE_TEST_EXECUTABLE'];
  process.exitCode = await runTests({
    extensionDevelopmentPath,
    extensionTestsPath,
    ...(executable ? { vscodeExecutablePath: executable } : {}),
    launchArgs: [
      workspace,
      '--disable-extensions',
      '--disable-workspace-trust',
      '--disable-telemetry',
      '--disable-updates',
    ],
  });
}
