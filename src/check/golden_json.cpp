// Goldens as files: JSON with a line a seed, so that a change of one is a change of its lines.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/unicode.hpp"
#include "check/golden.hpp"

namespace repro::checks {
namespace {

using nlohmann::json;

constexpr uintmax_t kMostBytes = 64 << 20;
constexpr int kOpenLevels = 4;  // of objects with a line a member; what is deeper is on one line

std::string layered(const json& value, int level) {
  if (level == kOpenLevels || !value.is_object() || value.empty()) return value.dump();
  std::string text = "{\n";
  const std::string indent(static_cast<size_t>(level + 1), ' ');
  size_t left = value.size();
  for (const auto& [key, member] : value.items())
    text +=
        indent + json(key).dump() + ": " + layered(member, level + 1) + (--left > 0 ? ",\n" : "\n");
  return text + std::string(static_cast<size_t>(level), ' ') + "}";
}

json to_json(const Series& series) {
  json object = {{"steps", series.steps}, {"values", series.values}};
  if (series.decimals >= 0) object["decimals"] = series.decimals;
  return object;
}

json to_json(const std::map<std::string, Series>& all) {
  json object = json::object();
  for (const auto& [name, series] : all) object[name] = to_json(series);
  return object;
}

json to_json(const Member& member) {
  json numbers = json::object();
  for (const auto& [name, value] : member.numbers)
    if (std::isfinite(value)) numbers[name] = value;
  return {{"series", to_json(member.series)},
          {"numbers", numbers},
          {"order", member.order},
          {"digest", member.digest}};
}

json to_json(const TrainingGolden& training) {
  json seeds = json::object();
  for (const auto& [seed, member] : training.seeds) seeds[std::to_string(seed)] = to_json(member);
  return {{"seeds", seeds},
          {"basis", training.basis == Basis::twins ? "twins" : "seeds"},
          {"tolerance", to_json(training.tolerance)},
          {"spread", training.spread},
          {"margin", training.margin},
          {"target_loss", training.target_loss}};
}

json to_json(const Recipe& recipe) {
  return {{"experiment", recipe.experiment},
          {"scale", recipe.scale},
          {"settings", recipe.settings},
          {"window", recipe.window},
          {"gate_seeds", recipe.gate_seeds}};
}

json to_json(const Policy& policy) {
  return {{"alpha", policy.alpha},
          {"sides", std::string(name(policy.sides))},
          {"exact_gates", policy.exact_gates},
          {"floors", policy.floors},
          {"margins", policy.margins},
          {"other_margin", policy.other_margin}};
}

json to_json(const Reliability& reliability) {
  return {{"replays", reliability.replays},
          {"suspect", reliability.suspect},
          {"red", reliability.red},
          {"rows", reliability.rows},
          {"found", reliability.found}};
}

json body_of(const Golden& golden) {
  json trainings = json::object();
  for (const auto& [name, training] : golden.trainings) trainings[name] = to_json(training);
  json body = {{"schema", kGoldenSchema},
               {"name", golden.name},
               {"why", golden.why},
               {"recorded", golden.recorded},
               {"version", golden.version},
               {"recipe", to_json(golden.recipe)},
               {"policy", to_json(golden.policy)},
               {"paired", golden.paired},
               {"platform", golden.platform},
               {"environment", golden.environment},
               {"keys", golden.keys},
               {"specs", golden.specs},
               {"reliability", to_json(golden.reliability)},
               {"trainings", trainings}};
  if (golden.renewal)
    body["renewal"] = {{"previous", golden.renewal->previous},
                       {"cause", golden.renewal->cause},
                       {"drift", golden.renewal->drift},
                       {"environment", golden.renewal->environment}};
  return body;
}

// What cannot be, said by whoever reads the value.
struct Unfit {
  std::string what;
};

const json& part(const json& object, const char* key) {
  const auto at = object.find(key);
  if (at == object.end()) throw Unfit{fmt::format("lacks '{}'", key)};
  return *at;
}

template <typename T>
T get(const json& object, const char* key) {
  return part(object, key).get<T>();
}

double finite(double value, const std::string& what) {
  if (!std::isfinite(value)) throw Unfit{what + " is no number"};
  return value;
}

std::map<std::string, double> finite_map(const json& object, const char* key) {
  auto values = get<std::map<std::string, double>>(object, key);
  for (const auto& [name, value] : values) finite(value, name);
  return values;
}

Series read_series(const json& object, const std::string& what) {
  Series series{.steps = get<std::vector<int64_t>>(object, "steps"),
                .values = get<std::vector<double>>(object, "values"),
                .decimals = object.value("decimals", -1)};
  if (series.steps.size() != series.values.size())
    throw Unfit{what + " has not as many steps as values"};
  for (size_t i = 0; i < series.steps.size(); ++i) {
    finite(series.values[i], fmt::format("{} at step {}", what, series.steps[i]));
    if (series.steps[i] < 0 || (i > 0 && series.steps[i] <= series.steps[i - 1]))
      throw Unfit{fmt::format("{}: its steps do not increase", what)};
  }
  return series;
}

std::map<std::string, Series> read_all_series(const json& object, const char* key) {
  std::map<std::string, Series> all;
  for (const auto& [name, series] : part(object, key).items())
    all[name] = read_series(series, name);
  return all;
}

Member read_member(const json& object) {
  Member member;
  member.series = read_all_series(object, "series");
  member.numbers = finite_map(object, "numbers");
  member.order = get<std::string>(object, "order");
  member.digest = get<std::string>(object, "digest");
  return member;
}

int64_t seed_of(const std::string& text) {
  if (text.empty() || text.size() > 15 ||  // digits
      text.find_first_not_of("0123456789") != std::string::npos)
    throw Unfit{fmt::format("'{}' is no seed", printable_line(text))};
  return std::stoll(text);
}

TrainingGolden read_training(const json& object) {
  TrainingGolden training;
  for (const auto& [text, member] : part(object, "seeds").items()) {
    const int64_t seed = seed_of(text);
    training.seeds[seed] = read_member(member);
  }
  training.basis = get<std::string>(object, "basis") == "twins" ? Basis::twins : Basis::seeds;
  training.tolerance = read_all_series(object, "tolerance");
  training.spread = finite_map(object, "spread");
  training.margin = finite_map(object, "margin");
  training.target_loss = finite(get<double>(object, "target_loss"), "target_loss");
  return training;
}

Sides read_sides(const std::string& text) {
  for (const Sides sides : {Sides::two_sided, Sides::one_sided, Sides::non_inferiority})
    if (name(sides) == text) return sides;
  throw Unfit{fmt::format("sides '{}' are not known", printable_line(text))};
}

Policy read_policy(const json& object) {
  Policy policy;
  policy.alpha = finite(get<double>(object, "alpha"), "alpha");
  if (!(policy.alpha > 0 && policy.alpha < 1)) throw Unfit{"alpha is not between 0 and 1"};
  policy.sides = read_sides(get<std::string>(object, "sides"));
  policy.exact_gates = get<bool>(object, "exact_gates");
  policy.floors = finite_map(object, "floors");
  policy.margins = finite_map(object, "margins");
  policy.other_margin = finite(get<double>(object, "other_margin"), "other_margin");
  return policy;
}

Recipe read_recipe(const json& object) {
  return {.experiment = get<std::string>(object, "experiment"),
          .scale = get<std::string>(object, "scale"),
          .settings = get<std::vector<std::string>>(object, "settings"),
          .window = std::max<int64_t>(1, get<int64_t>(object, "window")),
          .gate_seeds = get<int64_t>(object, "gate_seeds")};
}

Golden read_body(const json& body) {
  using Texts = std::map<std::string, std::string>;
  Golden golden;
  golden.name = get<std::string>(body, "name");
  if (!is_plain_name(golden.name)) throw Unfit{"its name is no name of a golden"};
  golden.why = get<std::string>(body, "why");
  golden.recorded = get<std::string>(body, "recorded");
  golden.version = get<std::string>(body, "version");
  golden.recipe = read_recipe(part(body, "recipe"));
  golden.policy = read_policy(part(body, "policy"));
  golden.paired = get<bool>(body, "paired");
  golden.platform = get<Texts>(body, "platform");
  golden.environment = get<Texts>(body, "environment");
  golden.keys = get<Texts>(body, "keys");
  golden.specs = get<Texts>(body, "specs");
  const json& reliability = part(body, "reliability");
  golden.reliability = {.replays = get<int64_t>(reliability, "replays"),
                        .suspect = get<int64_t>(reliability, "suspect"),
                        .red = get<int64_t>(reliability, "red"),
                        .rows = get<std::map<std::string, int64_t>>(reliability, "rows"),
                        .found = finite_map(reliability, "found")};
  for (const auto& [name, training] : part(body, "trainings").items())
    golden.trainings[name] = read_training(training);
  if (body.contains("renewal")) {
    const json& renewal = body["renewal"];
    golden.renewal =
        Renewal{get<std::string>(renewal, "previous"), get<std::string>(renewal, "cause"),
                get<std::vector<std::string>>(renewal, "drift"),
                get<std::vector<std::string>>(renewal, "environment")};
  }
  return golden;
}

json open_body(const fs::path& path) {
  std::error_code unknown;
  if (const auto size = fs::file_size(path, unknown); !unknown && size > kMostBytes)
    throw Error("{}: holds {} bytes, more than a golden of {}; record fewer trainings",
                path.string(), size, kMostBytes);
  size_t stop = 0;
  json body = parse_json(read_file(path), &stop);
  if (!body.is_object())
    throw Error("{}: is no golden (its JSON ends at byte {}); take it from git, or record it again",
                path.string(), stop);
  const json schema = body.value("schema", json());
  if (schema != kGoldenSchema)
    throw Error("{}: is of schema {}, this program reads {}; record it again with this version",
                path.string(), schema.dump(), kGoldenSchema);
  return body;
}

}  // namespace

Golden read_golden(const fs::path& path) {
  json body = open_body(path);
  const json checksum = body.value("checksum", json());
  body.erase("checksum");
  if (checksum != sha256_hex(body.dump()))
    throw Error(
        "{}: its checksum does not fit: it was edited by hand; take it from git, or delete it and "
        "record a new one",
        path.string());
  try {
    Golden golden = read_body(body);
    golden.checksum = checksum.get<std::string>();
    if (golden.trainings.empty()) throw Unfit{"holds no training"};
    return golden;
  } catch (const Unfit& unfit) {
    throw Error("{}: {}; record it again", path.string(), unfit.what);
  } catch (const json::exception&) {
    throw Error("{}: a field is of the wrong type; record it again", path.string());
  }
}

void write_golden(const fs::path& path, Golden& golden) {
  json body = body_of(golden);
  body["checksum"] = golden.checksum = sha256_hex(body.dump());
  make_directories(path.parent_path());
  write_file_atomically(path, layered(body, 0) + "\n");
}

}  // namespace repro::checks
