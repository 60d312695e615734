// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/skopeo/skopeo_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/registry/api/manifests.h"
#include "worker/handlers/copy_engine.h"
#include "worker/handlers/task_testing.h"

namespace registry_manager {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr char kSecret[] = "reading-secret";
// htpasswd -nbB -C 4 reader reading-secret
constexpr char kHtpasswd[] =
    "reader:$2y$04$b.PUqhp4zauKgGeuFJj9H.cE92olLBo0StYLbTbVCYel5JGP4pPIW\n";

std::string ReadFile(const std::string& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

mode_t ModeOf(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

// The skopeo that this process runs; 0 where there is none.
pid_t FindSkopeo() {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const pid_t pid = atoi(entry.path().filename().c_str());
    if (pid == 0) continue;
    std::ifstream stat(entry.path() / "stat");
    std::string id, name, state;
    pid_t parent = 0;
    stat >> id >> name >> state >> parent;
    if (name == "(skopeo)" && parent == getpid()) return pid;
  }
  return 0;
}

class SkopeoEngineTest : public testing::Test {
 protected:
  SkopeoEngineTest()
      : folder_(absl::StrCat(
            testing::TempDir(), "/",
            testing::UnitTest::GetInstance()->current_test_info()->name())) {
    unsetenv("XDG_RUNTIME_DIR");
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    // A place in memory for this test's credentials alone.
    place_ = "/dev/shm/rm-test-XXXXXX";
    EXPECT_NE(mkdtemp(place_.data()), nullptr);
    setenv("XDG_RUNTIME_DIR", place_.c_str(), 1);
  }
  ~SkopeoEngineTest() override {
    fs::remove_all(folder_);
    fs::remove_all(place_);
  }

  // Folders of credentials that there are at the moment.
  int CountSecretFolders() const {
    return std::distance(fs::directory_iterator(place_),
                         fs::directory_iterator());
  }

  std::unique_ptr<DockerRegistry> StartRegistry(const std::string& name,
                                                bool with_password = false) {
    const std::string folder = absl::StrCat(folder_, "/", name);
    if (!with_password) return std::make_unique<DockerRegistry>(folder);
    const std::string passwords = absl::StrCat(folder_, "/htpasswd");
    std::ofstream(passwords) << kHtpasswd;
    return std::make_unique<DockerRegistry>(
        folder,
        absl::StrCat("auth: {htpasswd: {realm: test, path: ", passwords, "}}"));
  }

  proto::Registry& Add(const DockerRegistry& registry,
                       absl::string_view scheme = "http") {
    return bench_.AddRegistry(absl::StrCat(scheme, "://", registry.host()));
  }

  static void SetCredentials(proto::Registry& registry) {
    proto::Credentials& credentials =
        *registry.mutable_credentials()->mutable_whole();
    credentials.set_username("reader");
    credentials.set_password(kSecret);
  }

  std::unique_ptr<CopyEngine> Engine(const proto::Registry& source,
                                     const proto::Registry& target) {
    absl::StatusOr<std::unique_ptr<CopyEngine>> engine = NewSkopeoEngine(
        bench_.context(), source, "team/app", target, "copy/app");
    EXPECT_TRUE(engine.ok()) << engine.status();
    return *std::move(engine);
  }

  std::string DigestAt(const proto::Registry& registry,
                       const std::string& repository, const std::string& tag) {
    const absl::StatusOr<ManifestHead> head =
        HeadManifest(bench_.Client(registry), repository, tag);
    return head.ok() ? head->digest.str()
                     : std::string(head.status().message());
  }

  const std::string folder_;
  std::string place_;
  TaskBench bench_;
};

TEST_F(SkopeoEngineTest, KeepsDigests) {
  const auto source_server = StartRegistry("source");
  const auto target_server = StartRegistry("target");
  const proto::Registry source = Add(*source_server);
  const proto::Registry target = Add(*target_server);
  const Digest one = bench_.PushImage(source, "team/app", "one", "layer one");
  const Digest docker =
      bench_.PushImage(source, "team/app", "docker", "layer two", true);
  const Digest index = bench_.PushList(source, "team/app", "index", {one});
  const Digest list =
      bench_.PushList(source, "team/app", "list", {docker}, true);
  const std::string signature = absl::StrCat("sha256-", one.hex(), ".sig");
  const Digest signed_one =
      bench_.PushImage(source, "team/app", signature, "signature");
  const std::unique_ptr<CopyEngine> engine = Engine(source, target);
  const std::pair<std::string, Digest> tags[] = {{"one", one},
                                                 {"docker", docker},
                                                 {"index", index},
                                                 {"list", list},
                                                 {signature, signed_one}};
  for (const auto& [tag, digest] : tags) {
    EXPECT_EQ(engine->CopyTag(tag), absl::OkStatus()) << tag;
    EXPECT_EQ(DigestAt(target, "copy/app", tag), digest.str()) << tag;
  }
  EXPECT_EQ(bench_.gate(source.id()).peak(), 6);
  EXPECT_EQ(bench_.gate(target.id()).peak(), 6);
  EXPECT_EQ(bench_.gate(source.id()).taken(), 0);
  EXPECT_EQ(bench_.gate(target.id()).taken(), 0);
}

TEST_F(SkopeoEngineTest, UsesTheCredentialsOfEachRegistryAndOfItsParts) {
  const auto source_server = StartRegistry("source", true);
  const auto target_server = StartRegistry("target", true);
  proto::Registry source = Add(*source_server);
  SetCredentials(source);
  proto::Registry target = Add(*target_server);
  (*target.mutable_credentials()->mutable_parts())["copy"] =
      source.credentials().whole();
  const Digest one = bench_.PushImage(source, "team/app", "one", "layer one");
  ASSERT_EQ(Engine(source, target)->CopyTag("one"), absl::OkStatus());
  EXPECT_EQ(DigestAt(target, "copy/app", "one"), one.str());
  EXPECT_EQ(CountSecretFolders(), 0);
}

TEST_F(SkopeoEngineTest, TakesThePassesOfOneRegistryOnce) {
  const auto server = StartRegistry("one");
  const proto::Registry registry = Add(*server);
  bench_.PushImage(registry, "team/app", "one", "layer one");
  ASSERT_EQ(Engine(registry, registry)->CopyTag("one"), absl::OkStatus());
  EXPECT_EQ(bench_.gate(registry.id()).peak(), 6);
}

TEST_F(SkopeoEngineTest, MakesDoWithFewerPasses) {
  const auto server = StartRegistry("one");
  proto::Registry registry = Add(*server);
  bench_.PushImage(registry, "team/app", "one", "layer one");
  registry.set_max_connections(2);
  ASSERT_EQ(Engine(registry, registry)->CopyTag("one"), absl::OkStatus());
  EXPECT_EQ(bench_.gate(registry.id()).peak(), 2);
}

TEST_F(SkopeoEngineTest, UsesCertificates) {
  const auto openssl = [&](const std::string& arguments) {
    ASSERT_EQ(system(absl::StrCat("cd ", folder_, " && openssl ", arguments,
                                  " 2>/dev/null")
                         .c_str()),
              0);
  };
  const std::string key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 ";
  openssl(absl::StrCat("req -x509 ", key,
                       "-nodes -days 2 -subj /CN=ours -keyout ca.key -out "
                       "ca.pem"));
  for (const char* name : {"server", "client"}) {
    openssl(absl::StrCat("req ", key, "-nodes -subj /CN=", name,
                         " -addext subjectAltName=IP:127.0.0.1 -keyout ", name,
                         ".key -out ", name, ".csr"));
    openssl(absl::StrCat("x509 -req -copy_extensions copy -days 2 -in ", name,
                         ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -out ",
                         name, ".pem"));
  }
  const DockerRegistry server(
      folder_ + "/tls", "",
      absl::StrCat("  tls: {certificate: ", folder_, "/server.pem, key: ",
                   folder_, "/server.key, clientcas: [", folder_, "/ca.pem]}"));
  proto::Registry registry = Add(server, "https");
  const auto contents = [this](const std::string& name) {
    std::stringstream text;
    text << std::ifstream(absl::StrCat(folder_, "/", name)).rdbuf();
    return text.str();
  };
  registry.set_ca(contents("ca.pem"));
  registry.set_client_cert(contents("client.pem"));
  registry.set_client_key(contents("client.key"));
  const Digest one = bench_.PushImage(registry, "team/app", "one", "layer one");
  ASSERT_EQ(Engine(registry, registry)->CopyTag("one"), absl::OkStatus());
  EXPECT_EQ(DigestAt(registry, "copy/app", "one"), one.str());
}

TEST_F(SkopeoEngineTest, GivesSkopeosReasonWithoutItsLog) {
  const auto server = StartRegistry("one");
  const proto::Registry registry = Add(*server);
  bench_.PushImage(registry, "team/app", "one", "layer one");
  const absl::Status status = Engine(registry, registry)->CopyTag("absent");
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("skopeo: "));
  EXPECT_THAT(std::string(status.message()), HasSubstr("manifest unknown"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("level=")));
}

TEST_F(SkopeoEngineTest, TellsARegistryThatIsGoneFromAFailedCopy) {
  auto source_server = StartRegistry("source");
  const auto target_server = StartRegistry("target");
  const proto::Registry source = Add(*source_server);
  const proto::Registry target = Add(*target_server);
  const std::unique_ptr<CopyEngine> engine = Engine(source, target);
  source_server.reset();
  const absl::Status status = engine->CopyTag("one");
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST_F(SkopeoEngineTest, StartsNothingWithoutTheRightToWrite) {
  const auto server = StartRegistry("one");
  const proto::Registry registry = Add(*server);
  bench_.PushImage(registry, "team/app", "one", "layer one");
  bench_.SetMayWrite(absl::FailedPreconditionError("the lease has ended"));
  const absl::Status status = Engine(registry, registry)->CopyTag("one");
  EXPECT_EQ(status, absl::CancelledError("the lease has ended"));
  EXPECT_EQ(bench_.gate(registry.id()).taken(), 0);
}

TEST_F(SkopeoEngineTest, SaysHowToInstallSkopeo) {
  const std::string path = getenv("PATH");
  setenv("PATH", "/nowhere", 1);
  const proto::Registry registry = bench_.AddRegistry("https://h.io");
  const absl::Status status =
      NewSkopeoEngine(bench_.context(), registry, "a", registry, "b").status();
  setenv("PATH", path.c_str(), 1);
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("apt-get install"));
}

// A registry that keeps skopeo waiting for a manifest.
class StalledCopyTest : public SkopeoEngineTest {
 protected:
  StalledCopyTest() {
    server_.Get("/v2/", [](const httplib::Request& request,
                           httplib::Response& response) {
      if (request.has_header("Authorization")) return;
      response.status = 401;
      response.set_header("WWW-Authenticate", "Basic realm=\"test\"");
    });
    server_.Get(
        "/v2/team/app/manifests/.*",
        [&](const httplib::Request& request, httplib::Response& response) {
          asked_.set_value(request.get_header_value("Authorization"));
          go_on_.get_future().wait();
          response.status = 404;
        });
    const int port = server_.bind_to_any_port("127.0.0.1");
    serving_ = std::thread([this] { server_.listen_after_bind(); });
    registry_ = bench_.AddRegistry(absl::StrCat("http://127.0.0.1:", port));
    SetCredentials(registry_);
    setenv("RM_TEST_PASSWORD", kSecret, 1);
    engine_ = Engine(registry_, registry_);
    copy_ = std::async(std::launch::async,
                       [this] { return engine_->CopyTag("one"); });
    authorization_ = asked_.get_future().get();
    skopeo_ = FindSkopeo();
  }
  ~StalledCopyTest() override {
    go_on_.set_value();
    server_.stop();
    serving_.join();
    unsetenv("RM_TEST_PASSWORD");
  }

  bool SkopeoEnds() const {
    const absl::Time patience = absl::Now() + absl::Seconds(5);
    while (kill(skopeo_, 0) == 0) {
      if (absl::Now() > patience) return false;
      absl::SleepFor(absl::Milliseconds(5));
    }
    return true;
  }

  httplib::Server server_;
  std::promise<std::string> asked_;
  std::promise<void> go_on_;
  std::thread serving_;
  proto::Registry registry_;
  std::unique_ptr<CopyEngine> engine_;
  std::future<absl::Status> copy_;
  std::string authorization_;
  pid_t skopeo_ = 0;
};

TEST_F(StalledCopyTest, HidesCredentialsAndCleansUp) {
  ASSERT_GT(skopeo_, 0);
  // printf 'reader:reading-secret' | base64
  const std::string encoded = "cmVhZGVyOnJlYWRpbmctc2VjcmV0";
  EXPECT_EQ(authorization_, "Basic " + encoded);
  const std::string process = absl::StrCat("/proc/", skopeo_);
  const std::string arguments = ReadFile(process + "/cmdline");
  EXPECT_THAT(arguments, HasSubstr("--preserve-digests"));
  for (const std::string& secret : {std::string(kSecret), encoded}) {
    EXPECT_THAT(arguments, Not(HasSubstr(secret)));
    EXPECT_THAT(ReadFile(process + "/environ"), Not(HasSubstr(secret)));
  }
  EXPECT_THAT(ReadFile(process + "/environ"), HasSubstr("PATH="));
  EXPECT_EQ(getpgid(skopeo_), skopeo_);

  int auth_files = 0;
  for (absl::string_view argument :
       absl::StrSplit(arguments, absl::string_view("\0", 1))) {
    const size_t value = argument.find("-authfile=");
    if (value == absl::string_view::npos) continue;
    const std::string file(argument.substr(value + 10));
    EXPECT_THAT(ReadFile(file), HasSubstr(encoded));
    EXPECT_EQ(ModeOf(file), 0600u);
    EXPECT_EQ(ModeOf(fs::path(file).parent_path()), 0700u);
    ++auth_files;
  }
  EXPECT_EQ(auth_files, 2);
  EXPECT_EQ(CountSecretFolders(), 1);

  bench_.cancellation().Cancel(absl::CancelledError("the run was cancelled"));
  EXPECT_EQ(copy_.get(), absl::CancelledError("the run was cancelled"));
  EXPECT_TRUE(SkopeoEnds());
  EXPECT_EQ(bench_.gate(registry_.id()).taken(), 0);
  engine_.reset();
  EXPECT_EQ(CountSecretFolders(), 0);
}

TEST_F(StalledCopyTest, EndsWithTheRightToWrite) {
  ASSERT_GT(skopeo_, 0);
  bench_.SetMayWrite(absl::CancelledError("the lease has ended"));
  EXPECT_TRUE(absl::IsCancelled(copy_.get()));
  EXPECT_TRUE(SkopeoEnds());
}

}  // namespace
}  // namespace registry_manager
