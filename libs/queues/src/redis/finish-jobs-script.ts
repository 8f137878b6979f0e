import { createRequire } from 'node:module';

/** BullMQ publishes its scripts as files and exports none of them. */
const { moveToActive } = createRequire(import.meta.url)('bullmq/dist/cjs/scripts/index.js') as { moveToActive: { content: string; keys: number } };

/** Keys of {@link FINISH_JOBS_SCRIPT}, in the order of BullMQ's script for taking a job; each is named behind the queue's prefix. */
export const FINISH_JOBS_KEYS = ['wait', 'active', 'prioritized', 'events', 'stalled', 'limiter', 'delayed', 'paused', 'meta', 'pc', 'marker'] as const;

if (moveToActive.keys !== FINISH_JOBS_KEYS.length) throw new Error(`BullMQ's script for taking a job takes ${moveToActive.keys} keys now.`);

/**
 * Completes many jobs, which leaves nothing of them, and takes the next ones: all in one call. What it leaves is what BullMQ's own scripts leave (a spec compares
 * them), except for the events, which nobody here reads, and the marker, which is put only if there is something left to be taken. Where a queue is
 * paused or has a limit, delayed jobs are due or jobs have priorities, BullMQ's own script takes the jobs, one by one.
 *
 * It is for jobs without parents, children and deduplication. KEYS: those of BullMQ's script for taking a job. ARGV: prefix of the queue's keys, time in
 * milliseconds or nothing for that of Redis, how many jobs to take, the worker's token, how long its locks last in milliseconds, then the ids of the jobs that
 * are completed.
 *
 * Answers four things: BullMQ's error code for each completed job, 0 for none; id and fields of each job that was taken, in turns; for how many milliseconds
 * the queue's rate limit holds; when the next delayed job is due, 0 if it is not known.
 */
export const FINISH_JOBS_SCRIPT = `
local call = redis.call
local prefix, timestamp, wanted, token, lockMs = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local waitKey, activeKey, prioritizedKey, stalledKey, delayedKey, metaKey, markerKey = KEYS[1], KEYS[2], KEYS[3], KEYS[5], KEYS[7], KEYS[9], KEYS[11]
local CHUNK = 1000
if timestamp == '' then
  local now = call('TIME')
  timestamp = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
end

local codes, ended, garbage = {}, {}, {}
for index = 6, #ARGV do
  local jobId = ARGV[index]
  local jobKey = prefix .. jobId
  local lockKey = jobKey .. ':lock'
  local holder = call('GET', lockKey)
  local code = 0
  if holder ~= token then
    if holder then code = -6 elseif call('EXISTS', jobKey) == 1 then code = -2 else code = -1 end
  elseif call('LREM', activeKey, -1, jobId) < 1 then
    code = -3
  else
    ended[#ended + 1] = jobId
    garbage[#garbage + 1] = jobKey
    garbage[#garbage + 1] = lockKey
    garbage[#garbage + 1] = jobKey .. ':logs'
  end
  codes[#codes + 1] = code
end
for from = 1, #garbage, CHUNK do call('DEL', unpack(garbage, from, math.min(from + CHUNK - 1, #garbage))) end
for from = 1, #ended, CHUNK do call('SREM', stalledKey, unpack(ended, from, math.min(from + CHUNK - 1, #ended))) end
if wanted == 0 then return { codes, {}, 0, 0 } end

local taken = {}
local settings = call('HMGET', metaKey, 'paused', 'concurrency', 'max', 'duration')
local isPlain = not (settings[1] or settings[2] or settings[3] or settings[4])
  and #call('ZRANGEBYSCORE', delayedKey, 0, (timestamp + 1) * 0x1000 - 1, 'LIMIT', 0, 1) == 0
if isPlain then
  local jobIds = call('RPOP', waitKey, wanted)
  if jobIds then
    call('LPUSH', activeKey, unpack(jobIds))
    for _, jobId in ipairs(jobIds) do
      local jobKey = prefix .. jobId
      local job = call('HGETALL', jobKey)
      if #job == 0 then
        call('LREM', activeKey, 1, jobId)
      else
        local timesTaken = '1'
        for field = 1, #job, 2 do
          if job[field] == 'ats' then timesTaken = string.format('%d', job[field + 1] + 1) end
        end
        call('SET', jobKey .. ':lock', token, 'PX', lockMs)
        call('HSET', jobKey, 'processedOn', timestamp, 'ats', timesTaken)
        local last = #job
        job[last + 1], job[last + 2], job[last + 3], job[last + 4] = 'processedOn', timestamp, 'ats', timesTaken
        taken[#taken + 1] = jobId
        taken[#taken + 1] = job
      end
    end
  end
  local hasPrioritized = call('ZCARD', prioritizedKey) > 0
  if jobIds and #jobIds == wanted then
    if hasPrioritized or call('LLEN', waitKey) > 0 then call('ZADD', markerKey, '0', '0') end
    return { codes, taken, 0, 0 }
  end
  if not hasPrioritized then
    local nextDelayed = call('ZRANGE', delayedKey, 0, 0, 'WITHSCORES')
    return { codes, taken, 0, nextDelayed[2] and nextDelayed[2] / 0x1000 or 0 }
  end
end

local options = { token = token, lockDuration = lockMs }
local cmsgpack = { unpack = function() return options end }
local function take(KEYS, ARGV)
${moveToActive.content}
end
while #taken < 2 * wanted do
  local result = take(KEYS, { prefix, timestamp, '' })
  if type(result[1]) ~= 'table' then return { codes, taken, result[3], result[4] } end
  taken[#taken + 1] = result[2]
  taken[#taken + 1] = result[1]
end
return { codes, taken, 0, 0 }`;
