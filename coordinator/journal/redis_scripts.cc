// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/redis_scripts.h"

namespace registry_manager {
namespace {

// KEYS  rm:epoch
// Answers the number, or the text that is not one.
constexpr char kEpoch[] = R"lua(
local counted = redis.call('GET', KEYS[1])
if counted and not string.match(counted, '^%d+$') then return counted end
return redis.call('INCR', KEYS[1])
)lua";

// A run of format 1 is resumed as it is: its record does not name its streams.
// KEYS  owner, meta, rm:epoch, rm:identity, rm:finished
// ARGV  owner, an owner known to be dead, milliseconds, run, identity, record,
//       version
// Answers {"owned", epoch, the owner whose hold lapsed} or {why not, by what}.
constexpr char kOwn[] = R"lua(
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and holder ~= ARGV[2] then
  return {'held', holder}
end
if redis.call('SISMEMBER', KEYS[5], ARGV[4]) == 1 then
  return {'finished', ARGV[4]}
end
local counted = redis.call('GET', KEYS[3])
if counted and not string.match(counted, '^%d+$') then
  return {'epoch', counted}
end
local version = redis.call('HGET', KEYS[2], 'version')
if version and version ~= ARGV[7] and version ~= '1' then
  return {'version', version}
end
if not version then
  local other = redis.call('HGET', KEYS[4], ARGV[5])
  if other and other ~= ARGV[4] and
      redis.call('EXISTS', 'rm:{' .. other .. '}:meta') == 1 then
    return {'other', other}
  end
  redis.call('HSET', KEYS[2], 'version', ARGV[7], 'record', ARGV[6])
  redis.call('HSET', KEYS[4], ARGV[5], ARGV[4])
end
local lapsed = not holder and redis.call('HGET', KEYS[2], 'held')
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
local epoch = redis.call('INCR', KEYS[3])
redis.call('HSET', KEYS[2], 'epoch', epoch, 'held', ARGV[1])
return {'owned', epoch, lapsed ~= ARGV[1] and lapsed or ''}
)lua";

// KEYS  meta, owner
// ARGV  epoch, owner, milliseconds
// An ownership that lapsed, with nobody taking it, is renewed too.
constexpr char kRenew[] = R"lua(
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then return redis.error_reply('GONE') end
if epoch ~= ARGV[1] then
  return redis.error_reply('FENCED by another epoch')
end
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[2] then
  return redis.error_reply('FENCED by another owner')
end
return redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
)lua";

// KEYS  owner, meta
// ARGV  owner
constexpr char kRelease[] = R"lua(
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
if redis.call('HGET', KEYS[2], 'held') == ARGV[1] then
  redis.call('HDEL', KEYS[2], 'held')
end
return 'OK'
)lua";

// KEYS  meta, shards, listings, counters, attempts
// ARGV  epoch, the prefix of the run's keys, and then lists, each with its
//       length before it: shards that must exist, (number, bytes) of new ones,
//       (stream, bytes) of listings, and outcomes: (shard, index, bitmap, its
//       own list of (field, count)).
// A bit flips once, one of done, skip and dead at most, and only what flips a
// bit is counted. The first writes come after everything that is refused.
constexpr char kCommit[] = R"lua(
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then return redis.error_reply('GONE') end
-- Guard: lost-run-writes-nothing
if epoch ~= ARGV[1] then
  return redis.error_reply('FENCED by another epoch')
end
local at = 1
local function take()
  at = at + 1
  return ARGV[at]
end
local prefix = take()
for _ = 1, tonumber(take()) do
  local shard = take()
  if redis.call('HEXISTS', KEYS[2], shard) == 0 then
    return {'unknown', shard}
  end
end
for _ = 1, tonumber(take()) do
  redis.call('HSETNX', KEYS[2], take(), take())
end
for _ = 1, tonumber(take()) do
  redis.call('HSET', KEYS[3], take(), take())
end
local sums = {}
for _ = 1, tonumber(take()) do
  local shard, index, bitmap = take(), take(), take()
  local ended = 0
  for _, name in ipairs({'done', 'skip', 'dead'}) do
    ended = ended + redis.call('GETBIT', prefix .. name .. ':' .. shard, index)
  end
  local flips = ended == 0 and
      redis.call('SETBIT', prefix .. bitmap .. ':' .. shard, index, 1) == 0
  for _ = 1, tonumber(take()) do
    local field, count = take(), tonumber(take())
    if flips then sums[field] = (sums[field] or 0) + count end
  end
  if flips and bitmap ~= 'split' then
    redis.call('HDEL', KEYS[5], shard .. ':' .. index)
  end
end
for field, sum in pairs(sums) do
  redis.pcall('HINCRBY', KEYS[4], field, string.format('%.0f', sum))
end
return {'ok'}
)lua";

// KEYS  meta, attempts
// ARGV  epoch, field, value
constexpr char kAttempts[] = R"lua(
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then return redis.error_reply('GONE') end
if epoch ~= ARGV[1] then
  return redis.error_reply('FENCED by another epoch')
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
return 'OK'
)lua";

// KEYS  meta, rm:intents
// ARGV  epoch, field, value or nothing
constexpr char kIntent[] = R"lua(
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then return redis.error_reply('GONE') end
if epoch ~= ARGV[1] then
  return redis.error_reply('FENCED by another epoch')
end
if ARGV[3] then
  redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
else
  redis.call('HDEL', KEYS[2], ARGV[2])
end
return 'OK'
)lua";

// KEYS  meta, rm:identity, rm:finished
// ARGV  epoch, run, identity
// From here on the run is not found any more; what it holds is swept next. A
// run without meta has been swept already.
constexpr char kFinish[] = R"lua(
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if epoch and epoch ~= ARGV[1] then
  return redis.error_reply('FENCED by another epoch')
end
if redis.call('HGET', KEYS[2], ARGV[3]) == ARGV[2] then
  redis.call('HDEL', KEYS[2], ARGV[3])
end
if epoch then redis.call('SADD', KEYS[3], ARGV[2]) end
return 'OK'
)lua";

// KEYS  rm:finished, and keys to remove
// ARGV  run, "last" where nothing is left of it then
constexpr char kSweep[] = R"lua(
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 0 then return 'OK' end
for i = 2, #KEYS do redis.call('UNLINK', KEYS[i]) end
if ARGV[2] == 'last' then redis.call('SREM', KEYS[1], ARGV[1]) end
return 'OK'
)lua";

}  // namespace

RedisScripts::RedisScripts()
    : epoch(kEpoch),
      own(kOwn),
      renew(kRenew),
      release(kRelease),
      commit(kCommit),
      attempts(kAttempts),
      intent(kIntent),
      finish(kFinish),
      sweep(kSweep) {}

}  // namespace registry_manager
