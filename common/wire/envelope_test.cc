// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/wire/envelope.h"

#include <gtest/gtest.h>

#include <string>

namespace registry_manager {
namespace {

proto::Envelope Heartbeat() {
  proto::Envelope envelope;
  envelope.set_session("s1");
  envelope.mutable_heartbeat()->set_number(7);
  return envelope;
}

TEST(EnvelopeTest, ComesBackAsItWasSentWithTheVersionSet) {
  const auto bytes = SerializeEnvelope(Heartbeat());
  ASSERT_TRUE(bytes.ok());

  const auto envelope = ParseEnvelope(*bytes);

  ASSERT_TRUE(envelope.ok()) << envelope.status();
  EXPECT_EQ(envelope->version(), 1u);
  EXPECT_EQ(envelope->session(), "s1");
  EXPECT_EQ(envelope->heartbeat().number(), 7u);
}

TEST(EnvelopeTest, OtherVersionIsNamed) {
  proto::Envelope envelope = Heartbeat();
  envelope.set_version(2);

  const absl::Status status =
      ParseEnvelope(envelope.SerializeAsString()).status();

  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_NE(status.message().find("version 2"), absl::string_view::npos);
}

TEST(EnvelopeTest, GarbageAndEmptinessAreRefused) {
  proto::Envelope without_body;
  without_body.set_version(1);
  EXPECT_TRUE(absl::IsInvalidArgument(ParseEnvelope("\xff\xff").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      ParseEnvelope(without_body.SerializeAsString()).status()));
  EXPECT_FALSE(ParseEnvelope("").ok());
}

TEST(EnvelopeTest, TooLargeIsNotSent) {
  proto::Envelope envelope;
  envelope.mutable_result()->mutable_result()->add_notes(
      std::string(kMaxEnvelopeBytes, 'x'));
  EXPECT_TRUE(absl::IsResourceExhausted(SerializeEnvelope(envelope).status()));
}

}  // namespace
}  // namespace registry_manager
