import { createRequire } from 'node:module';

/** BullMQ publishes its scripts as files and exports none of them. */
const { addStandardJob } = createRequire(import.meta.url)('bullmq/dist/cjs/scripts/index.js') as { addStandardJob: { content: string; keys: number } };

/** Keys of {@link ADD_JOBS_SCRIPT}, in the order of BullMQ's own script; each is named behind the queue's prefix. */
export const ADD_JOBS_KEYS = ['wait', 'paused', 'meta', 'id', 'completed', 'delayed', 'active', 'events', 'marker'] as const;

if (addStandardJob.keys !== ADD_JOBS_KEYS.length) throw new Error(`BullMQ's script for adding a job takes ${addStandardJob.keys} keys now.`);

/**
 * Adds many jobs in one call. It runs BullMQ's own script for each of them - what a job is remains BullMQ's affair - but the keys, the options and the
 * time come once instead of with every job, and one call is one command to send and one answer to read.
 *
 * KEYS: those of BullMQ's script. ARGV: prefix of the queue's keys, time in milliseconds, options as JSON, then id, name and data of each job.
 * Answers how many jobs there were. BullMQ's script takes its arguments packed: here they are tables already, so that unpacking them is nothing to do.
 */
export const ADD_JOBS_SCRIPT = `
local jobs = ARGV
local options = cjson.decode(jobs[3])
local timestamp = tonumber(jobs[2])
local toJson = cjson.encode
local optionsJson = toJson(options)
local cmsgpack = { unpack = function(value) return value end }
local cjson = { encode = function(value) if value == options then return optionsJson end return toJson(value) end }
local function add(KEYS, ARGV)
${addStandardJob.content}
end
for first = 4, #jobs, 3 do
  local result = add(KEYS, { { jobs[1], jobs[first], jobs[first + 1], timestamp }, jobs[first + 2], options })
  if type(result) == 'number' and result < 0 then return redis.error_reply('ERR job ' .. jobs[first] .. ' was not added: ' .. result) end
end
return (#jobs - 3) / 3`;
