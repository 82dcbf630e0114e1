// The specs of jobs, as workers and readers take them from job.json. Every part of a key counts:
// what was read is written and read again.
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "config/assembly_spec.hpp"
#include "config/job_spec.hpp"
#include "config/probe.hpp"
#include "target.hpp"

namespace repro::fuzz {
namespace {

template <typename Spec>
void read_spec(const nlohmann::json& object) {
  attempt([&] {
    const auto once = config::to_json(config::from_json<Spec>(object, "job.json"));
    const auto again = config::to_json(config::from_json<Spec>(once, "job.json"));
    require(once == again, "what was written reads as the same");
  });
}

}  // namespace

void read(std::string_view bytes) {
  const size_t way = choose(bytes, 7);
  const nlohmann::json object = parse_json(bytes);
  if (!object.is_object()) return;
  switch (way) {
    case 0:
      return read_spec<config::TrainSpec>(object);
    case 1:
      return read_spec<config::EvalSpec>(object);
    case 2:
      return read_spec<config::ClusterSpec>(object);
    case 3:
      return read_spec<config::MergeSpec>(object);
    case 4:
      return read_spec<config::GrowSpec>(object);
    case 5:
      return read_spec<config::PrepareSpec>(object);
    default:
      return read_spec<config::ProbeSpec>(object);
  }
}

}  // namespace repro::fuzz
