/** The simulator code that the extension host itself runs: small, quick functions only. Simulating and writing reports happen in workers. */
export { MODEL_VERSION } from '../simulator/report.ts';
export { hashPlan } from '../simulator/plan-hash.ts';
export { decodeReport } from '../simulator/report-codec.ts';
export { estimateMemory } from '../simulator/estimate-memory.ts';
export { mergeReports } from '../simulator/merge-reports.ts';
