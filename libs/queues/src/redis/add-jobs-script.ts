import { createRequire } from 'node:module';

/** BullMQ publishes its scripts as files and exports none of them. */
const { addStandardJob } = createRequire(import.meta.url)('bullmq/dist/cjs/scripts/index.js') as { addStandardJob: { content: string; keys: number } };

/** Keys of {@link ADD_JOBS_SCRIPT}, in the order of BullMQ's own script; each is named behind the queue's prefix. */
export const ADD_JOBS_KEYS = ['wait', 'paused', 'meta', 'id', 'completed', 'delayed', 'active', 'events', 'marker'] as const;

if (addStandardJob.keys !== ADD_JOBS_KEYS.length) throw new Error(`BullMQ's script for adding a job takes ${addStandardJob.keys} keys now.`);

/**
 * Adds many jobs in one call: one command to send and one answer to read, and what is the same for all of them is done once. It leaves what BullMQ's own
 * script leaves (a spec compares them), except for the events, which nobody here reads. A queue that is paused or has a limit is left to BullMQ's script.
 *
 * KEYS: those of BullMQ's script. ARGV: prefix of the queue's keys, time in milliseconds, options as JSON, then id, name and data of each job.
 * Answers how many jobs there were. BullMQ's script takes its arguments packed: here they are tables already, so that unpacking them is nothing to do.
 */
export const ADD_JOBS_SCRIPT = `
local jobs = ARGV
local call = redis.call
local prefix, timestamp, optionsJson = jobs[1], jobs[2], jobs[3]
local settings = call('HMGET', KEYS[3], 'paused', 'concurrency')
if not settings[1] and not settings[2] then
  local added = {}
  for first = 4, #jobs, 3 do
    local jobKey = prefix .. jobs[first]
    if call('EXISTS', jobKey) == 0 then
      call('HMSET', jobKey, 'name', jobs[first + 1], 'data', jobs[first + 2], 'opts', optionsJson, 'timestamp', timestamp, 'delay', '0', 'priority', '0')
      added[#added + 1] = jobs[first]
    end
  end
  if #added > 0 then
    call('INCRBY', KEYS[4], #added)
    call('LPUSH', KEYS[1], unpack(added))
    call('ZADD', KEYS[9], '0', '0')
  end
  return (#jobs - 3) / 3
end
local options = cjson.decode(optionsJson)
local toJson = cjson.encode
local cmsgpack = { unpack = function(value) return value end }
local cjson = { encode = function(value) if value == options then return optionsJson end return toJson(value) end }
local function add(KEYS, ARGV)
${addStandardJob.content}
end
for first = 4, #jobs, 3 do
  local result = add(KEYS, { { prefix, jobs[first], jobs[first + 1], timestamp }, jobs[first + 2], options })
  if type(result) == 'number' and result < 0 then return redis.error_reply('ERR job ' .. jobs[first] .. ' was not added: ' .. result) end
end
return (#jobs - 3) / 3`;
