#pragma once
// `repro price import`: a catalog file -> a price snapshot.

#include <functional>

#include "base/error.hpp"

namespace CLI {
class App;
}

namespace repro::cli {

class Program;

// What to do when `import` was chosen; the parser runs the verb above it last, which then calls
// this.
std::function<Exit()> add_price_import(Program& program, CLI::App& price);

}  // namespace repro::cli
