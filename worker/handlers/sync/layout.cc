// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/sync/layout.h"

#include <fcntl.h>
#include <stdio.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "common/reference/reference.h"
#include "common/registry/api/media_types.h"
#include "common/registry/connection/json.h"

namespace registry_manager {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr char kRefName[] = "org.opencontainers.image.ref.name";
// Tags do not begin with a dot.
constexpr char kPartial[] = ".partial";
// The image's own manifest in a folder of "dir:"; its children's are
// HEX.manifest.json (containers/image, directory/directory_transport.go).
constexpr char kManifestFile[] = "manifest.json";

absl::Status CannotWrite(const fs::path& path, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot write ", Printable(path.string()), ": ", why,
                   "; is the folder this user's, and is there room?"));
}

absl::StatusOr<std::string> ReadFile(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text;
  char buffer[16 << 10];
  while (stream.read(buffer, sizeof buffer) || stream.gcount() > 0) {
    text.append(buffer, stream.gcount());
  }
  if (stream.is_open() && !stream.bad()) return text;
  return absl::DataLossError(
      absl::StrCat("cannot read ", Printable(path.string())));
}

// Writes a file in one step.
absl::Status WriteFile(const fs::path& path, const std::string& text) {
  const fs::path fresh = path.string() + kPartial;
  std::ofstream stream(fresh, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  std::error_code error;
  if (stream) {
    fs::rename(fresh, path, error);
  } else {
    error = std::make_error_code(std::errc::io_error);
  }
  return error ? CannotWrite(path, error.message()) : absl::OkStatus();
}

absl::Status MakeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  return error ? CannotWrite(folder, error.message()) : absl::OkStatus();
}

absl::Status RemoveAll(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  return error ? CannotWrite(path, error.message()) : absl::OkStatus();
}

// Puts `fresh` in the place of `path`; what was there goes.
absl::Status Replace(const fs::path& fresh, const fs::path& path) {
  if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, path.c_str(),
                RENAME_EXCHANGE) == 0) {
    return RemoveAll(fresh);
  }
  // There is nothing to exchange it with, or the file system knows no
  // exchanges.
  RETURN_IF_ERROR(RemoveAll(path));
  std::error_code error;
  fs::rename(fresh, path, error);
  return error ? CannotWrite(path, error.message()) : absl::OkStatus();
}

class DirLayout : public Layout {
 public:
  explicit DirLayout(const fs::path& image)
      : image_(image), partial_(absl::StrCat(image.string(), ":", kPartial)) {}

  absl::StatusOr<std::map<std::string, Digest>> ReadTags() const override {
    std::map<std::string, Digest> tags;
    std::error_code error;
    const std::string prefix = absl::StrCat(image_.filename().string(), ":");
    for (const auto& entry :
         fs::directory_iterator(image_.parent_path(), error)) {
      const std::string name = entry.path().filename();
      absl::string_view tag = name;
      if (!absl::ConsumePrefix(&tag, prefix) || !IsTag(tag)) continue;
      const absl::StatusOr<std::string> manifest =
          ReadFile(entry.path() / kManifestFile);
      // A folder that is not an image is written over.
      if (manifest.ok()) tags.emplace(std::string(tag), Digest::Of(*manifest));
    }
    return tags;
  }

  absl::StatusOr<std::string> Begin(const std::string& tag,
                                    const ManifestHead& image) override {
    static_cast<void>(tag);
    static_cast<void>(image);
    absl::Status status = MakeFolder(image_.parent_path());
    if (status.ok()) status = RemoveAll(partial_);
    if (!status.ok()) return status;
    return absl::StrCat("dir:", partial_.string());
  }

  absl::Status Commit(const std::string& tag,
                      const ManifestHead& image) override {
    static_cast<void>(image);
    return Replace(partial_, absl::StrCat(image_.string(), ":", tag));
  }

  void Abandon() override { RemoveAll(partial_).IgnoreError(); }

 private:
  // Without ":TAG".
  const fs::path image_;
  const fs::path partial_;
};

class OciLayout : public Layout {
 public:
  explicit OciLayout(fs::path folder) : folder_(std::move(folder)) {}

  absl::StatusOr<std::map<std::string, Digest>> ReadTags() const override;
  absl::StatusOr<std::string> Begin(const std::string& tag,
                                    const ManifestHead& image) override;
  absl::Status Commit(const std::string& tag,
                      const ManifestHead& image) override;
  void Abandon() override { RemoveAll(Partial()).IgnoreError(); }

 private:
  // Skopeo would turn Docker's lists into indexes, which have other digests;
  // the layout may hold them as they are ("implementations … MUST NOT generate
  // an error" for types they do not know).
  static bool IsStaged(const ManifestHead& image) {
    return WithoutParameters(image.media_type) == kDockerList;
  }
  fs::path IndexFile() const { return folder_ / "index.json"; }
  fs::path Partial() const { return folder_ / kPartial; }
  fs::path BlobFile(absl::string_view algorithm, absl::string_view hex) const {
    return folder_ / "blobs" / std::string(algorithm) / std::string(hex);
  }
  // {} where there is none.
  absl::StatusOr<json> ReadIndex() const;
  // Moves what skopeo wrote to Partial() to where a layout has it.
  absl::Status MoveBlobs(const Digest& manifest) const;
  absl::Status PointAt(const std::string& tag, json descriptor) const;

  const fs::path folder_;
};

// The tag of an entry of index.json; "" where it has none.
std::string TagOf(const json& entry) {
  const auto annotations = entry.find("annotations");
  return annotations == entry.end() ? "" : StringMember(*annotations, kRefName);
}

absl::StatusOr<json> OciLayout::ReadIndex() const {
  std::error_code error;
  if (!fs::exists(IndexFile(), error)) return json::object();
  ASSIGN_OR_RETURN(const std::string text, ReadFile(IndexFile()));
  absl::StatusOr<json> index = ParseJson(text);
  const bool well_formed =
      index.ok() && index->is_object() &&
      (!index->contains("manifests") || (*index)["manifests"].is_array());
  if (well_formed) return index;
  return absl::DataLossError(absl::StrCat(
      Printable(IndexFile().string()),
      " is not the index of an OCI layout; move the folder out of the way"));
}

absl::StatusOr<std::map<std::string, Digest>> OciLayout::ReadTags() const {
  ASSIGN_OR_RETURN(const json index, ReadIndex());
  std::map<std::string, Digest> tags;
  for (const json& entry : index.value("manifests", json::array())) {
    if (!entry.is_object()) continue;
    const std::string tag = TagOf(entry);
    const absl::StatusOr<Digest> digest =
        Digest::Parse(StringMember(entry, "digest"));
    std::error_code error;
    if (IsTag(tag) && digest.ok() &&
        fs::exists(BlobFile(digest->algorithm(), digest->hex()), error)) {
      tags.emplace(tag, *digest);
    }
  }
  return tags;
}

absl::StatusOr<std::string> OciLayout::Begin(const std::string& tag,
                                             const ManifestHead& image) {
  absl::Status status = MakeFolder(folder_);
  if (status.ok()) status = RemoveAll(Partial());
  if (!status.ok()) return status;
  return IsStaged(image) ? absl::StrCat("dir:", Partial().string())
                         : absl::StrCat("oci:", folder_.string(), ":", tag);
}

absl::Status OciLayout::Commit(const std::string& tag,
                               const ManifestHead& image) {
  if (!IsStaged(image)) return absl::OkStatus();
  // The tag may have moved since it was looked at: what was written counts.
  ASSIGN_OR_RETURN(const std::string manifest,
                   ReadFile(Partial() / kManifestFile));
  ASSIGN_OR_RETURN(const json document, ParseJson(manifest));
  const Digest digest = Digest::Of(manifest);
  absl::Status status = MoveBlobs(digest);
  if (!status.ok()) return status;
  std::string media_type = StringMember(document, "mediaType");
  if (media_type.empty()) media_type = std::string(kOciIndex);
  status = PointAt(tag, {{"mediaType", media_type},
                         {"digest", digest.str()},
                         {"size", manifest.size()},
                         {"annotations", {{kRefName, tag}}}});
  return status.ok() ? RemoveAll(Partial()) : status;
}

absl::Status OciLayout::MoveBlobs(const Digest& manifest) const {
  std::error_code error;
  std::vector<std::pair<fs::path, fs::path>> moves;
  for (const auto& entry : fs::directory_iterator(Partial(), error)) {
    const std::string name = entry.path().filename();
    absl::string_view hex = name;
    absl::ConsumeSuffix(&hex, absl::StrCat(".", kManifestFile));
    if (name == kManifestFile) hex = manifest.hex();
    // The folder names blobs without their algorithm, and holds other files.
    const char* algorithm = hex.size() == 64 ? "sha256" : "sha512";
    if (!Digest::Parse(absl::StrCat(algorithm, ":", hex)).ok()) continue;
    moves.emplace_back(entry.path(), BlobFile(algorithm, hex));
  }
  for (const auto& [from, to] : moves) {
    if (error) break;
    fs::create_directories(to.parent_path(), error);
    if (!error) fs::rename(from, to, error);
  }
  return error ? CannotWrite(folder_, error.message()) : absl::OkStatus();
}

absl::Status OciLayout::PointAt(const std::string& tag, json descriptor) const {
  ASSIGN_OR_RETURN(json index, ReadIndex());
  json manifests = json::array();
  for (json& entry : index.value("manifests", json::array())) {
    const bool replaced = entry.is_object() && TagOf(entry) == tag;
    if (!replaced) manifests.push_back(std::move(entry));
  }
  manifests.push_back(std::move(descriptor));
  index["schemaVersion"] = 2;
  index["manifests"] = std::move(manifests);
  RETURN_IF_ERROR(WriteFile(folder_ / "oci-layout",
                            json{{"imageLayoutVersion", "1.0.0"}}.dump()));
  return WriteFile(IndexFile(),
                   index.dump(-1, ' ', false, json::error_handler_t::replace));
}

// True where the repository's folder would lie among the files of a layout,
// that of the repository whose name is the beginning of this one's.
bool LiesInALayout(absl::string_view repository) {
  const std::vector<absl::string_view> parts = absl::StrSplit(repository, '/');
  for (size_t i = 1; i < parts.size(); ++i) {
    if (parts[i] == "blobs" || parts[i] == "index.json" ||
        parts[i] == "oci-layout") {
      return true;
    }
  }
  return false;
}

}  // namespace

bool IsLayout(absl::string_view target) {
  return absl::StartsWith(target, "oci:") || absl::StartsWith(target, "dir:");
}

absl::StatusOr<std::unique_ptr<Layout>> Layout::Open(
    absl::string_view target, const std::string& repository) {
  if (!IsRepositoryName(repository)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", Printable(repository), "' is not a repository's name"));
  }
  absl::string_view folder = target;
  const bool oci = absl::ConsumePrefix(&folder, "oci:");
  if (!oci) absl::ConsumePrefix(&folder, "dir:");
  if (!absl::StartsWith(folder, "/")) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", Printable(target),
                     "' is not a folder; write oci:/FOLDER or dir:/FOLDER"));
  }
  const fs::path path = fs::path(std::string(folder)) / repository;
  if (!oci) return std::make_unique<DirLayout>(path);
  if (LiesInALayout(repository)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the folder of ", repository,
                     " would lie among the files of an OCI "
                     "layout; rename it with `replace`, or use dir:",
                     folder));
  }
  return std::make_unique<OciLayout>(path);
}

}  // namespace registry_manager
