import { ArrayHead } from '../api/array.ts';
import { BatchAnswer, readBatch } from '../api/batch.ts';
import { DigestWish } from '../api/digest.ts';
import { JudgedAnewAnswer, readJudgedAnew, readVerdict, VerdictAnswer } from '../api/finding.ts';
import { HealthAnswer, readHealth } from '../api/health.ts';
import { ProcessedAnswer } from '../api/hook-event.ts';
import { JobAnswer, readJob } from '../api/job.ts';
import { EventListAnswer, readEvent } from '../api/job-event.ts';
import { JobListAnswer, readJobList } from '../api/job-list.ts';
import { NameListAnswer } from '../api/name.ts';
import { OverviewAnswer } from '../api/overview.ts';
import { PoliciesAnswer, TrialAnswer } from '../api/policy.ts';
import { QueueAnswer } from '../api/queue.ts';
import { ReadingRow, readReading, readReadingRow } from '../api/reading.ts';
import { RunListAnswer, readRun } from '../api/run.ts';
import { readSample, readSampleRow, SampleAnswer, SampleRow } from '../api/sample.ts';
import { ReadingListAnswer, SampleListAnswer } from '../api/sample-list.ts';
import { EndedSessionsAnswer, LinkAnswer, readSession, SessionAnswer } from '../api/session.ts';
import { readSizing, SizingAnswer } from '../api/sizing.ts';
import { JobSummaryAnswer, readSummary } from '../api/summary.ts';
import { CreatedTokenAnswer, readCreatedToken, readToken, TokenListAnswer } from '../api/token.ts';
import { WasteAnswer } from '../api/waste.ts';
import { readWhoami, WhoamiAnswer } from '../api/whoami.ts';
import { answerReader } from './answer.ts';

// How the answers of each operation are checked and read.

export const toHealth = answerReader(HealthAnswer, readHealth);
export const toJob = answerReader(JobAnswer, readJob);
export const toJobList = answerReader(JobListAnswer, readJobList);
export const toRuns = answerReader(RunListAnswer, ({ runs }) => runs.map(readRun));
export const toEvents = answerReader(EventListAnswer, ({ events }) => events.map(readEvent));
export const toSummary = answerReader(JobSummaryAnswer, readSummary);
export const toOverview = answerReader(OverviewAnswer, (overview) => overview);
export const toArray = answerReader(ArrayHead, (array) => array);
export const toQueue = answerReader(QueueAnswer, (queue) => queue);
export const toSizing = answerReader(SizingAnswer, readSizing);
export const toWaste = answerReader(WasteAnswer, (waste) => waste);
export const toNames = answerReader(NameListAnswer, ({ names }) => names);
export const toJudgedAnew = answerReader(JudgedAnewAnswer, readJudgedAnew);
export const toPolicies = answerReader(PoliciesAnswer, (policies) => policies);
export const toTrial = answerReader(TrialAnswer, (trial) => trial);
export const toDigestWish = answerReader(DigestWish, ({ wanted }) => wanted);
export const toVerdict = answerReader(VerdictAnswer, readVerdict);
export const toSample = answerReader(SampleAnswer, readSample);
export const toSamples = answerReader(SampleListAnswer, ({ samples, total }) => ({
  samples: samples.map(readSample),
  total,
}));
export const toReading = answerReader(SampleRow, readSampleRow);
export const toMeasured = answerReader(ReadingListAnswer, ({ samples, total }) => ({
  samples: samples.map(readReading),
  total,
}));
export const toMeasuredReading = answerReader(ReadingRow, readReadingRow);
export const toBatch = answerReader(BatchAnswer, readBatch);
export const toCreatedToken = answerReader(CreatedTokenAnswer, readCreatedToken);
export const toTokens = answerReader(TokenListAnswer, ({ tokens }) => tokens.map(readToken));
export const toWhoami = answerReader(WhoamiAnswer, readWhoami);
export const toSession = answerReader(SessionAnswer, readSession);
export const toLink = answerReader(LinkAnswer, ({ url }) => url);
export const toEnded = answerReader(EndedSessionsAnswer, ({ ended }) => ended);
export const toProcessed = answerReader(ProcessedAnswer, ({ message }) => message);
