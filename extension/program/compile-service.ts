/** The compile worker's end, whatever it is made of: the language's façade behind plain messages. */
import { compileProgram, type LanguageDiagnostic } from '../../language-server/language/index.ts';
import { hashPlan } from '../../simulator/plan-hash.ts';
import { importKey, type CompileReply, type CompileRequest, type ImportRef, type Problem } from './protocol.ts';

export function serveCompile(request: CompileRequest): CompileReply {
  const { id, sources, imports } = request;
  const missing: ImportRef[] = [];
  const resolveImport = (from: string, target: string) => {
    const ref = { from, target };
    const found = imports[importKey(ref)];
    if (found === undefined) missing.push(ref);
    return found ?? null;
  };
  try {
    const { plans, diagnostics } = compileProgram(sources, { resolveImport });
    return {
      id,
      plans: plans.map((plan) => ({ plan, hash: hashPlan(plan) })),
      problems: diagnostics.map(problemOf),
      missing,
    };
  } catch (error) {
    return {
      id,
      plans: [],
      problems: [],
      missing: [],
      failure: error instanceof Error ? error.message : String(error),
    };
  }
}

const problemOf = ({ uri, range, severity, code, message }: LanguageDiagnostic): Problem => ({
  severity,
  code,
  message,
  where: {
    uri,
    line: range.start.line,
    column: range.start.character,
    endLine: range.end.line,
    endColumn: range.end.character,
  },
});
