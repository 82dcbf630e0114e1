#include "cli/output.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/printing.hpp"

namespace repro::cli {
namespace {

// Lower numbers are taken first, so that each gets its own.
void fill_closed_files() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(descriptor, F_GETFD) < 0)
      ::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

// Says that all was written, whatever was.
ssize_t write_message(void*, const char* bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    const ssize_t written = ::write(STDERR_FILENO, bytes + done, size - done);
    if (written < 0 && errno != EINTR) break;
    if (written > 0) done += static_cast<size_t>(written);
  }
  return static_cast<ssize_t>(size);
}

void write_messages_as_far_as_possible() {
  cookie_io_functions_t functions{};
  functions.write = write_message;
  std::FILE* messages = ::fopencookie(nullptr, "w", functions);
  if (messages == nullptr) return;
  std::setvbuf(messages, nullptr, _IONBF, 0);
  stderr = messages;
}

// A handler, unlike an ignored signal, is not inherited by programs.
void hear_no_broken_pipe() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGPIPE, &action, nullptr);
}

[[noreturn]] void die_of_broken_pipe() {
  ::signal(SIGPIPE, SIG_DFL);
  ::raise(SIGPIPE);
  ::_exit(128 + SIGPIPE);  // it is blocked
}

}  // namespace

void prepare_standard_files() {
  fill_closed_files();
  write_messages_as_far_as_possible();
  hear_no_broken_pipe();
}

Exit finish_answer(Exit exit, int reason) {
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0;
  if (reason == 0 && !flushed) reason = errno;
  if (reason == 0 && std::ferror(stdout) == 0) return exit;
  if (reason == EPIPE) die_of_broken_pipe();
  warn("repro: error: cannot write the answer to standard output: {}\n",
       reason == 0 ? "it is not complete" : std::strerror(reason));
  return Exit::run_failed;
}

}  // namespace repro::cli
