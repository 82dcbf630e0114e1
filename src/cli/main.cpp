// repro: reads, plans, launches, prices, audits and reports. Free of LibTorch, so that it starts in
// milliseconds; the work is done by repro-worker.

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "cli/program.hpp"

namespace {

// An Error may hold several lines, one a problem. What was said before it comes first.
void print_error(const char* what) {
  std::fflush(stdout);
  for (const std::string& line : repro::split(what, '\n'))
    fmt::print(stderr, "repro: error: {}\n", line);
}

// A library's own mark before its message, "[json.exception.type_error.302] ", tells nobody
// anything.
std::string_view without_library(std::string_view what) {
  const size_t end = what.find("] ");
  return what.starts_with("[") && end != what.npos ? what.substr(end + 2) : what;
}

}  // namespace

int main(int argc, char** argv) {
  repro::Exit exit = repro::Exit::ok;
  repro::cli::Program program;
  try {
    exit = program.run(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit = program.report_usage(error);
  } catch (const repro::Error& error) {
    print_error(error.what());
    exit = error.exit();
  } catch (const std::exception& error) {
    print_error(std::string(without_library(error.what())).c_str());
    exit = repro::Exit::run_failed;
  }
  return static_cast<int>(exit);
}
