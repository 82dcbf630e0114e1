// repro: reads, plans, launches, prices, audits and reports. Free of LibTorch, so that it starts in
// milliseconds; the work is done by repro-worker.

#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>

#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/printing.hpp"
#include "cli/program.hpp"

namespace {

// An Error may hold several lines, one a problem. What was said before it comes first.
void print_error(const char* what) {
  std::fflush(stdout);
  for (const std::string& line : repro::split(what, '\n'))
    repro::cli::warn("repro: error: {}\n", line);
}

// A library's own mark before its message, "[json.exception.type_error.302] ", tells nobody
// anything.
std::string_view without_library(std::string_view what) {
  const size_t end = what.find("] ");
  return what.starts_with("[") && end != what.npos ? what.substr(end + 2) : what;
}

repro::Exit run(repro::cli::Program& program, int argc, char** argv) {
  try {
    return program.run(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.report_usage(error);
  }
}

}  // namespace

int main(int argc, char** argv) {
  repro::cli::prepare_standard_files();
  repro::Exit exit = repro::Exit::ok;
  int lost = 0;  // why the answer could not be written
  repro::cli::Program program;
  try {
    exit = run(program, argc, argv);
  } catch (const repro::Error& error) {
    print_error(error.what());
    exit = error.exit();
  } catch (const std::system_error& error) {
    exit = repro::Exit::run_failed;
    if (std::ferror(stdout) != 0)
      lost = error.code().value();
    else
      print_error(error.what());
  } catch (const std::exception& error) {
    print_error(std::string(without_library(error.what())).c_str());
    exit = repro::Exit::run_failed;
  }
  return static_cast<int>(repro::cli::finish_answer(exit, lost));
}
