// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// synthetic_registry --repositories N: a registry that exists in name only, on
// a free port of the loopback interface, which it prints. Every repository has
// the tags 1.0.0 and develop-1, each an image of its own, and nothing can be
// changed. For measuring runs that are larger than a disk.

#include <httplib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/reference/digest.h"

namespace registry_manager {
namespace {

constexpr int kMaxPage = 1000;

// Thirty characters; sorted as they are numbered.
std::string NameOf(int number) {
  return absl::StrFormat("department-%03d/service-%07d", number / 1000, number);
}

// The number after that of `name`; 0 for no name.
int NumberAfter(const std::string& name) {
  int number = -1;
  const size_t dash = name.rfind('-');
  if (dash != std::string::npos) {
    const bool is_number = absl::SimpleAtoi(name.substr(dash + 1), &number);
    if (!is_number) return 0;
  }
  return number + 1;
}

void ListCatalog(int repositories, const httplib::Request& request,
                 httplib::Response& response) {
  const int first = NumberAfter(request.get_param_value("last"));
  int wanted = kMaxPage;
  const bool says = absl::SimpleAtoi(request.get_param_value("n"), &wanted);
  const int page = says ? std::clamp(wanted, 1, kMaxPage) : kMaxPage;
  const int end = std::min(repositories, first + page);
  std::string body = R"({"repositories":[)";
  for (int number = first; number < end; ++number) {
    absl::StrAppend(&body, number > first ? "," : "", "\"", NameOf(number),
                    "\"");
  }
  body += "]}";
  if (end < repositories) {
    response.set_header("Link",
                        absl::StrCat("</v2/_catalog?last=", NameOf(end - 1),
                                     "&n=", page, ">; rel=\"next\""));
  }
  response.set_content(body, "application/json");
}

// Of a HEAD. An image of docker's own type has no subject, so that nobody needs
// the bytes.
void HeadManifest(const httplib::Request& request,
                  httplib::Response& response) {
  response.set_header("Docker-Content-Digest", Digest::Of(request.path).str());
  response.set_header("Content-Length", "500");
  response.set_header("Content-Type",
                      "application/vnd.docker.distribution.manifest.v2+json");
}

int Main(int argc, char** argv) {
  int repositories = 0;
  CLI::App app("Serves a registry that exists in name only.",
               "synthetic_registry");
  app.add_option("--repositories", repositories, "How many")->required();
  CLI11_PARSE(app, argc, argv);
  httplib::Server server;
  // A thread for each connection that is kept open, not only for those in use.
  server.new_task_queue = [] { return new httplib::ThreadPool(512); };
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(1000000);
  server.Get("/v2/", [](const auto&, auto& response) {
    response.set_content("{}", "application/json");
  });
  server.Get("/v2/_catalog", [&](const auto& request, auto& response) {
    ListCatalog(repositories, request, response);
  });
  server.Get(R"(/v2/(.+)/tags/list)", [](const auto& request, auto& response) {
    response.set_content(absl::StrCat(R"({"name":")", request.matches[1].str(),
                                      R"(","tags":["1.0.0","develop-1"]})"),
                         "application/json");
  });
  server.Get(R"(/v2/.+/manifests/.+)", HeadManifest);
  printf("%d\n", server.bind_to_any_port("127.0.0.1"));
  fflush(stdout);
  return server.listen_after_bind() ? 0 : 1;
}

}  // namespace
}  // namespace registry_manager

int main(int argc, char** argv) { return registry_manager::Main(argc, argv); }
