#include "run/environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

namespace repro::run {

TEST_CASE("the environment names this machine, its processor's sets and the programs", "[run]") {
  const nlohmann::json environment = describe_environment("9.9.9", "cpu");
  char host[256] = {};
  ::gethostname(host, sizeof(host) - 1);
  CHECK(environment["host"] == host);
  CHECK(environment["torch"] == "9.9.9");
  CHECK(environment["device"] == "cpu");
  CHECK(environment["repro"] == REPRO_VERSION);
  CHECK(environment["memory_bytes"].get<double>() > 1e8);
  CHECK(environment["load_1min"].get<double>() >= 0);
  CHECK(environment["cpu"]["cores"].get<int>() >= 1);
  CHECK(std::regex_match(environment["started"].get<std::string>(),
                         std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")));
  // Against /proc/cpuinfo as another reader sees it.
  std::ifstream file("/proc/cpuinfo");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  std::smatch model;
  if (std::regex_search(text, model, std::regex(R"(\nmodel name\s*: ([^\n]+))")))
    CHECK(environment["cpu"]["model"] == model[1].str());
  std::smatch flags;
  if (std::regex_search(text, flags, std::regex(R"(\nflags\s*: ([^\n]+))"))) {
    std::istringstream words(flags[1].str());
    std::vector<std::string> known;
    for (std::string word; words >> word;)
      if (word == "avx2" || word == "fma" || word == "avx512f" || word == "avx512_bf16" ||
          word == "amx_bf16")
        known.push_back(word);
    auto found = environment["cpu"]["instruction_sets"].get<std::vector<std::string>>();
    std::sort(found.begin(), found.end());
    std::sort(known.begin(), known.end());
    CHECK(found == known);
  }
}

}  // namespace repro::run
