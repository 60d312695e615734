// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>
#include <httplib.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/http/running_server.h"
#include "common/http/transport.h"

namespace registry_manager {
namespace {

// Two authorities made by the openssl program: ours has signed the server
// (for 127.0.0.1 only) and the client, the other nothing.
class TransportTlsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::filesystem::create_directories(Path(""));
    MakeAuthority("ours");
    MakeAuthority("other");
    MakeSigned("server", "subjectAltName=IP:127.0.0.1");
    MakeSigned("client", "extendedKeyUsage=clientAuth");
  }

  static std::string Path(absl::string_view name) {
    return absl::StrCat(testing::TempDir(), "/tls/", name);
  }

  static void Run(const std::string& arguments) {
    ASSERT_EQ(std::system(
                  absl::StrCat("openssl ", arguments, " 2>/dev/null").c_str()),
              0)
        << arguments;
  }

  static constexpr char kNewKey[] =
      "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes ";

  static void MakeAuthority(absl::string_view name) {
    Run(absl::StrCat("req -x509 ", kNewKey, "-days 2 -subj /CN=", name,
                     " -keyout ", Path(name), ".key -out ", Path(name),
                     ".pem"));
  }

  static void MakeSigned(absl::string_view name, absl::string_view extension) {
    Run(absl::StrCat("req ", kNewKey, "-subj /CN=", name, " -addext ",
                     extension, " -keyout ", Path(name), ".key -out ",
                     Path(name), ".csr"));
    Run(absl::StrCat("x509 -req -copy_extensions copy -days 2 -in ", Path(name),
                     ".csr -CA ", Path("ours.pem"), " -CAkey ",
                     Path("ours.key"), " -CAcreateserial -out ", Path(name),
                     ".pem"));
  }

  // Starts a server that asks clients for a certificate where `ask`.
  void Serve(bool ask) {
    server_ = std::make_unique<httplib::SSLServer>(
        Path("server.pem").c_str(), Path("server.key").c_str(),
        ask ? Path("ours.pem").c_str() : nullptr);
    ASSERT_TRUE(server_->is_valid());
    server_->Get("/", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("hello", "text/plain");
    });
    running_ = std::make_unique<RunningServer>(*server_, "https");
  }

  absl::StatusOr<HttpResponse> Get(TlsSettings tls) {
    HttpRequest request;
    request.url = running_->Url("/");
    request.tls = std::move(tls);
    return transport_->Execute(std::move(request));
  }

  ~TransportTlsTest() override {
    transport_.reset();
    running_.reset();
  }

  std::unique_ptr<httplib::SSLServer> server_;
  std::unique_ptr<RunningServer> running_;
  std::unique_ptr<HttpTransport> transport_ = NewCurlTransport("test");
};

TEST_F(TransportTlsTest, AServerOfAPrivateAuthorityVerifiesByItsFile) {
  Serve(/*ask=*/false);
  TlsSettings tls;
  tls.ca_file = Path("ours.pem");
  const auto response = Get(tls);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "hello");
}

TEST_F(TransportTlsTest, OtherAuthoritiesDoNotDo) {
  Serve(/*ask=*/false);
  TlsSettings wrong;
  wrong.ca_file = Path("other.pem");
  TlsSettings missing;
  missing.ca_file = Path("no-such-file.pem");
  for (const TlsSettings& tls : {TlsSettings(), wrong, missing}) {
    const absl::Status status = Get(tls).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "ca-file")) << status;
    EXPECT_FALSE(RequestMayHaveArrived(status));
  }
}

TEST_F(TransportTlsTest, TheNameMustBeTheServers) {
  Serve(/*ask=*/false);
  HttpRequest request;
  request.url =
      absl::StrReplaceAll(running_->Url("/"), {{"127.0.0.1", "localhost"}});
  request.tls.ca_file = Path("ours.pem");
  const absl::Status status = transport_->Execute(std::move(request)).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
}

TEST_F(TransportTlsTest, InsecureVerifiesNothingAndLendsItsConnectionToNobody) {
  Serve(/*ask=*/false);
  TlsSettings insecure;
  insecure.insecure = true;
  const auto response = Get(insecure);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(absl::IsFailedPrecondition(Get(TlsSettings()).status()));
}

TEST_F(TransportTlsTest, AClientCertificateIsShown) {
  Serve(/*ask=*/true);
  TlsSettings tls;
  tls.ca_file = Path("ours.pem");
  EXPECT_FALSE(Get(tls).ok());
  tls.client_cert = Path("client.pem");
  tls.client_key = Path("client.key");
  const auto response = Get(tls);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "hello");
}

// Refuses every other write.
class PausingSink : public BodySink {
 public:
  absl::Status Begin(int, const HttpHeaders&) override {
    return absl::OkStatus();
  }
  absl::Status Write(absl::string_view bytes) override {
    refuse_ = !refuse_;
    if (refuse_) {
      resume_();
      return absl::UnavailableError("not now");
    }
    body.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }
  void SetResume(std::function<void()> resume) override {
    resume_ = std::move(resume);
  }
  std::string body;

 private:
  bool refuse_ = false;
  std::function<void()> resume_;
};

TEST_F(TransportTlsTest, ABodyThatPausesOftenComesWhole) {
  Serve(/*ask=*/false);
  std::string body;
  for (int i = 0; i < 500'000; ++i) absl::StrAppend(&body, i, ",");
  server_->Get("/large", [&](const httplib::Request&, httplib::Response& r) {
    r.set_content(body, "text/plain");
  });
  PausingSink sink;
  HttpRequest request;
  request.url = running_->Url("/large");
  request.tls.ca_file = Path("ours.pem");
  request.sink = &sink;
  const auto response = transport_->Execute(std::move(request));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(sink.body == body);
}

TEST_F(TransportTlsTest, AKeyOfAnotherCertificateIsRefused) {
  Serve(/*ask=*/true);
  TlsSettings tls;
  tls.ca_file = Path("ours.pem");
  tls.client_cert = Path("client.pem");
  tls.client_key = Path("server.key");
  const absl::Status status = Get(tls).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "client-key")) << status;
}

}  // namespace
}  // namespace registry_manager
