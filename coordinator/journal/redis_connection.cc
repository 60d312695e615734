// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/redis_connection.h"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <openssl/evp.h>
#include <sys/time.h>

#include <cerrno>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "coordinator/journal/redis_error.h"
#include "coordinator/journal/sigpipe_guard.h"

namespace registry_manager {
namespace {

constexpr timeval kConnectTimeout = {3, 0};
constexpr timeval kCommandTimeout = {5, 0};

std::string Sha1(absl::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), size));
}

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

// Errors inside of arrays are kept as their text: no command used here gives
// such.
RedisReply Convert(const redisReply& reply) {
  RedisReply result;
  switch (reply.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_ERROR:
      result.type = RedisReply::Type::kString;
      result.text.assign(reply.str, reply.len);
      break;
    case REDIS_REPLY_STATUS:
      result.type = RedisReply::Type::kStatus;
      result.text.assign(reply.str, reply.len);
      break;
    case REDIS_REPLY_INTEGER:
      result.type = RedisReply::Type::kInteger;
      result.integer = reply.integer;
      break;
    case REDIS_REPLY_ARRAY:
      result.type = RedisReply::Type::kArray;
      result.elements.reserve(reply.elements);
      for (size_t i = 0; i < reply.elements; ++i) {
        result.elements.push_back(Convert(*reply.element[i]));
      }
      break;
    default:
      break;
  }
  return result;
}

int Append(redisContext* context, const RedisConnection::Command& command) {
  std::vector<const char*> words;
  std::vector<size_t> sizes;
  for (const std::string& word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  return redisAppendCommandArgv(context, static_cast<int>(words.size()),
                                words.data(), sizes.data());
}

}  // namespace

RedisScript::RedisScript(absl::string_view source)
    : source_(source), sha1_(Sha1(source)) {}

void RedisConnection::Free::operator()(redisContext* context) const {
  redisFree(context);
}

RedisConnection::RedisConnection(RedisEndpoint endpoint)
    : endpoint_(std::move(endpoint)), display_(endpoint_.display()) {}

RedisConnection::~RedisConnection() = default;

absl::StatusOr<RedisReply> RedisConnection::Run(const Command& command) {
  auto replies = RunAll({command});
  if (!replies.ok()) return replies.status();
  return std::move(replies->front());
}

absl::StatusOr<std::vector<RedisReply>> RedisConnection::RunAll(
    const std::vector<Command>& commands) {
  SigpipeGuard guard;
  RETURN_IF_ERROR(Connect());
  auto replies = Exchange(commands);
  if (!replies.ok()) return replies.status();
  std::vector<RedisReply> result;
  for (absl::StatusOr<RedisReply>& reply : *replies) {
    if (!reply.ok()) return reply.status();
    result.push_back(*std::move(reply));
  }
  return result;
}

absl::StatusOr<RedisReply> RedisConnection::Eval(
    const RedisScript& script, const std::vector<std::string>& keys,
    const std::vector<std::string>& arguments) {
  Command command = {"EVALSHA", script.sha1(), absl::StrCat(keys.size())};
  command.insert(command.end(), keys.begin(), keys.end());
  command.insert(command.end(), arguments.begin(), arguments.end());
  auto reply = Run(command);
  if (absl::IsNotFound(reply.status())) {
    command[0] = "EVAL";
    command[1] = script.source();
    reply = Run(command);
  }
  return reply;
}

absl::Status RedisConnection::Connect() {
  if (context_ != nullptr) return absl::OkStatus();
  context_.reset(endpoint_.socket.empty()
                     ? redisConnectWithTimeout(endpoint_.host.c_str(),
                                               endpoint_.port, kConnectTimeout)
                     : redisConnectUnixWithTimeout(endpoint_.socket.c_str(),
                                                   kConnectTimeout));
  if (context_ == nullptr || context_->err != 0) return Lost("connecting");
  // hiredis leaves the socket open to every program that is started later.
  fcntl(context_->fd, F_SETFD, FD_CLOEXEC);
  if (redisSetTimeout(context_.get(), kCommandTimeout) != REDIS_OK ||
      (endpoint_.socket.empty() &&
       redisEnableKeepAlive(context_.get()) != REDIS_OK)) {
    return Lost("connecting");
  }
  absl::Status status = Introduce();
  if (!status.ok()) context_.reset();
  return status;
}

absl::Status RedisConnection::Introduce() {
  std::vector<Command> commands;
  if (!endpoint_.password.empty()) {
    Command auth = {"AUTH"};
    if (!endpoint_.username.empty()) auth.push_back(endpoint_.username);
    auth.push_back(endpoint_.password);
    commands.push_back(std::move(auth));
  }
  if (endpoint_.database != 0) {
    commands.push_back({"SELECT", absl::StrCat(endpoint_.database)});
  }
  if (commands.empty()) return absl::OkStatus();
  auto replies = Exchange(commands);
  if (!replies.ok()) return replies.status();
  for (const auto& reply : *replies) {
    if (!reply.ok()) return reply.status();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<absl::StatusOr<RedisReply>>>
RedisConnection::Exchange(const std::vector<Command>& commands) {
  for (const Command& command : commands) {
    if (Append(context_.get(), command) != REDIS_OK) return Lost("writing");
  }
  std::vector<absl::StatusOr<RedisReply>> replies;
  for (size_t i = 0; i < commands.size(); ++i) {
    void* raw = nullptr;
    if (redisGetReply(context_.get(), &raw) != REDIS_OK || raw == nullptr) {
      return Lost("waiting for an answer");
    }
    std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(raw));
    if (reply->type == REDIS_REPLY_ERROR) {
      replies.emplace_back(RedisErrorStatus(
          absl::string_view(reply->str, reply->len), display_));
    } else {
      replies.emplace_back(Convert(*reply));
    }
  }
  return replies;
}

absl::Status RedisConnection::Lost(absl::string_view attempt) {
  const int error = errno;
  std::string reason = "out of memory";
  if (context_ != nullptr) {
    reason = context_->err == REDIS_ERR_IO &&
                     (error == EAGAIN || error == EWOULDBLOCK)
                 ? "no answer within 5 s"
                 : Printable(context_->errstr);
  }
  context_.reset();
  return absl::UnavailableError(absl::StrCat(
      "Redis at ", display_, " cannot be reached: ", attempt, ": ", reason));
}

}  // namespace registry_manager
