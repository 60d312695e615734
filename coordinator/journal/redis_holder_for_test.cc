// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// redis_holder FOLDER: starts the embedded Redis of that folder, writes a run
// to it, says "ready" on standard output, and waits to be killed.

#include <unistd.h>

#include <cstdio>

#include "coordinator/journal/embedded_redis.h"
#include "coordinator/journal/journal.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto redis = registry_manager::EmbeddedRedis::Start(argv[1]);
  if (!redis.ok()) return 1;
  auto journal = registry_manager::NewRedisJournal((*redis)->endpoint());
  registry_manager::proto::RunRecord record;
  record.set_run("7F3K");
  record.set_identity("id");
  if (!journal->Own(record).ok()) return 1;
  puts("ready");
  fflush(stdout);
  while (true) pause();
}
