#include "run/environment.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/text.hpp"

namespace repro::run {
namespace {

// The value of the first "key : value" line of /proc/cpuinfo.
std::string cpu_info(const std::string& key) {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    const size_t colon = line.find(':');
    if (colon != std::string::npos && trim(line.substr(0, colon)) == key)
      return std::string(trim(line.substr(colon + 1)));
  }
  return "unknown";
}

// The instruction sets that decide which kernels run.
std::vector<std::string> instruction_sets() {
  const std::vector<std::string> flags = split(cpu_info("flags"), ' ');
  std::vector<std::string> found;
  for (const char* name : {"avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16"})
    if (std::find(flags.begin(), flags.end(), name) != flags.end()) found.push_back(name);
  return found;
}

}  // namespace

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts;
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string cpu_model() { return cpu_info("model name"); }

nlohmann::json describe_environment(const std::string& torch_version, const std::string& device) {
  utsname system;
  ::uname(&system);
  double load = -1;
  ::getloadavg(&load, 1);
  const double pages = static_cast<double>(::sysconf(_SC_PHYS_PAGES));
  return {{"started", utc_now()},
          {"host", system.nodename},
          {"kernel", std::string(system.sysname) + " " + system.release},
          {"cpu",
           {{"model", cpu_model()},
            {"cores", std::thread::hardware_concurrency()},
            {"instruction_sets", instruction_sets()}}},
          {"memory_bytes", pages * static_cast<double>(::sysconf(_SC_PAGE_SIZE))},
          {"load_1min", load},
          {"device", device},
          {"repro", REPRO_VERSION},
          {"compiler", __VERSION__},
          {"torch", torch_version}};
}

}  // namespace repro::run
