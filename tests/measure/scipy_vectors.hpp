#pragma once
// What scipy says (tests/measure/fixtures/make_statistics.py).

#include <nlohmann/json.hpp>

#include "base/file.hpp"

namespace repro::measure {

inline nlohmann::json scipy_vectors(const char* what) {
  const fs::path file = fs::path(REPRO_TESTS) / "measure/fixtures/statistics.json";
  return nlohmann::json::parse(read_file(file)).at(what);
}

}  // namespace repro::measure
