// Time goldens as files.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "check/golden.hpp"
#include "check/step_time.hpp"

namespace repro::checks {
namespace {

using nlohmann::json;

json time_body(const TimeGolden& golden) {
  json trainings = json::object();
  for (const auto& [training, by_seed] : golden.seconds)
    for (const auto& [seed, seconds] : by_seed) trainings[training][std::to_string(seed)] = seconds;
  return {{"schema", kGoldenSchema},     {"name", golden.name},
          {"machine", golden.machine},   {"machine_text", golden.machine_text},
          {"recorded", golden.recorded}, {"step_seconds", trainings}};
}

}  // namespace

fs::path time_golden_path(const fs::path& root, const std::string& name,
                          const std::string& machine) {
  return golden_path(root, name).parent_path() / fmt::format("{}.time.{}.json", name, machine);
}

TimeGolden read_time_golden(const fs::path& path) {
  json body = parse_json(read_file(path));
  if (!body.is_object() || body.value("schema", json()) != kGoldenSchema)
    throw Error("{}: is no time golden of schema {}; record it again with --time", path.string(),
                kGoldenSchema);
  const json checksum = body.value("checksum", json());
  body.erase("checksum");
  if (checksum != sha256_hex(body.dump()))
    throw Error("{}: its checksum does not fit: it was edited by hand; record it again with --time",
                path.string());
  TimeGolden golden;
  try {
    golden.name = body.at("name");
    golden.machine = body.at("machine");
    golden.machine_text = body.at("machine_text");
    golden.recorded = body.at("recorded");
    for (const auto& [training, by_seed] : body.at("step_seconds").items())
      for (const auto& [seed, seconds] : by_seed.items()) {
        const double value = seconds;
        if (!(value > 0) || !std::isfinite(value)) throw Error("{}: {} s", path.string(), value);
        golden.seconds[training][std::stoll(seed)] = value;
      }
  } catch (const std::exception&) {
    throw Error("{}: a field is missing or of the wrong type; record it again with --time",
                path.string());
  }
  return golden;
}

void write_time_golden(const fs::path& path, const TimeGolden& golden) {
  json body = time_body(golden);
  body["checksum"] = sha256_hex(body.dump());
  make_directories(path.parent_path());
  write_file_atomically(path, body.dump(1) + "\n");
}

}  // namespace repro::checks
