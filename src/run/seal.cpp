#include "run/seal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace repro::run {
namespace {

using nlohmann::json;

// Marks and logs, what is hidden, and what a killed write left.
bool is_sealed(const std::string& name) {
  return !name.starts_with(".") && name != "DONE" && name != "FAILED" && name != "SUBMITTED" &&
         name != "stdout.log" && name != "stderr.log" && name.find(".tmp") == std::string::npos;
}

// After a power failure DONE must not stand beside less than it says.
void bring_to_disk(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail_with_system(path, "open", errno);
  const int code = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (code != 0) fail_with_system(path, "sync", code);
}

}  // namespace

Seals seal_files(const fs::path& directory, int schema) {
  Seals seals{.schema = schema, .files = {}};
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || !is_sealed(name)) continue;
    bring_to_disk(entry.path());
    seals.files[name] = {static_cast<int64_t>(entry.file_size()), sha256_hex_of_file(entry.path())};
  }
  return seals;
}

std::string to_text(const Seals& seals) {
  json files = json::object();
  for (const auto& [name, seal] : seals.files)
    files[name] = {{"bytes", seal.bytes}, {"sha256", seal.sha256}};
  return json({{"schema", seals.schema}, {"files", files}}).dump(1) + "\n";
}

std::optional<Seals> read_seals(const fs::path& done_file) {
  const std::string text = read_file(done_file);
  if (text.empty()) return std::nullopt;
  const json object = parse_json(text);
  Seals seals;
  try {
    seals.schema = object.at("schema");
    for (const auto& [name, seal] : object.at("files").items())
      seals.files[name] = {seal.at("bytes"), seal.at("sha256")};
  } catch (const json::exception&) {
    throw Error("{}: is damaged: it does not say what the run left; {}", done_file.string(),
                way_out_of_damage(done_file.parent_path()));
  }
  return seals;
}

std::string way_out_of_damage(const fs::path& directory) {
  return fmt::format("delete {} and `repro run` makes it again", shell_quoted(directory.string()));
}

}  // namespace repro::run
