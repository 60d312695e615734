// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_HTTP_PROXY_H_
#define REGISTRY_MANAGER_COMMON_HTTP_PROXY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "common/http/url.h"

namespace registry_manager {

// Proxies as programs in Go read them from the environment
// (golang.org/x/net/http/httpproxy): docker, skopeo and regctl are such
// programs. libcurl reads the same variables differently: no upper-case
// HTTP_PROXY, no ports in NO_PROXY, no "*.".
struct ProxySettings {
  std::string http_proxy;
  std::string https_proxy;
  std::string no_proxy;

  // HTTP_PROXY or http_proxy, and so on; the first that is not empty.
  static ProxySettings FromEnvironment();
};

// The proxy for `url`, as libcurl takes it; "" for none. Pure.
//
// `no_proxy` is a list with commas: "*"; an address or a range of addresses
// (CIDR); a name, which also stands for all names below it; ".name" and
// "*.name", which stand for the names below only. Addresses and names may have
// a port. localhost and loopback addresses never go by a proxy.
std::string ProxyFor(const ProxySettings& settings, const Url& url);

// The address of a proxy without user and password, so that messages may show
// it.
std::string ProxyDisplay(absl::string_view proxy);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_HTTP_PROXY_H_
