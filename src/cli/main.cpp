// repro: reads, plans, launches, prices, audits and reports. Free of LibTorch, so that it starts in
// milliseconds; the work is done by repro-worker.

#include <fmt/format.h>

#include <cstdio>

#include "base/text.hpp"
#include "cli/program.hpp"

namespace {

// An Error may hold several lines, one a problem. What was said before it comes first.
void print_error(const char* what) {
  std::fflush(stdout);
  for (const std::string& line : repro::split(what, '\n'))
    fmt::print(stderr, "repro: error: {}\n", line);
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
    print_error(error.what());
    exit = repro::Exit::run_failed;
  }
  return static_cast<int>(exit);
}
