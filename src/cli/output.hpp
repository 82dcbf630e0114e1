#pragma once
// The program's standard files, as things that can fail: an answer that is lost is an error, a
// message that is lost ends nothing.

#include "base/error.hpp"

namespace repro::cli {

// Called before any file is opened. A standard file that is closed fails to be written to, rather
// than being the next file that is opened. What cannot be written to standard error is dropped, by
// whomever it is written. A pipe without a reader fails the write and raises no signal, here and
// not in programs that are started.
void prepare_standard_files();

// After the last answer: `exit`, or Exit::run_failed, said on standard error, when some of the
// answer could not be written. `reason`: the errno of a write that has failed already, 0 = none.
// When the answer's reader has gone, the process ends like any other in its pipe, by SIGPIPE.
Exit finish_answer(Exit exit, int reason);

}  // namespace repro::cli
