#pragma once
// A configuration file as a tree in which every value knows the file and line it came from. Files
// are read into nodes, scales and command-line settings replace nodes by path, and structs are read
// last: so an error names the line that set the value, wherever that was.

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace repro::config {

struct Source {
  std::string file;  // as the user would type it; "command line" for --set
  int line = 0;
  std::string text() const;  // "experiments/x.toml:14", or "--set"
};

struct Node {
  using Array = std::vector<Node>;
  using Table = std::map<std::string, Node, std::less<>>;
  std::variant<bool, int64_t, double, std::string, Array, Table> value;
  Source source;

  const Table* table() const { return std::get_if<Table>(&value); }
  const Array* array() const { return std::get_if<Array>(&value); }
  const std::string* string() const { return std::get_if<std::string>(&value); }
  // The member of a table by its key, of a list of tables by its `name`, or null. Unlike a part of
  // a path either may hold dots.
  const Node* member(std::string_view key) const;
  // The node at a dotted path ("match.batch"), or null. In a list of tables a part of the path is
  // the `name` of one: "arm.full.train.lr".
  const Node* find(std::string_view path) const;
  std::string type_name() const;  // "integer", "string", ...
  std::string text() const;       // the value as TOML would show it
};

// All that is wrong with a set of files; thrown as one Error of several lines by throw_if_any().
class Problems {
 public:
  template <typename... Args>
  void add(const Source& source, fmt::format_string<Args...> format, Args&&... args) {
    add_text(source, fmt::format(format, std::forward<Args>(args)...));
  }
  void add_text(const Source& source, const std::string& text);
  bool any() const { return !lines_.empty(); }
  void throw_if_any() const;

 private:
  std::vector<std::string> lines_;
};

// Reads a TOML file. `shown_as` is the path in messages. A syntax error throws Error "file:line:
// ...".
Node read_toml(const std::filesystem::path& path, const std::string& shown_as);
// One "path=value" of the command line, the value in TOML syntax (a bare word is a string).
std::pair<std::string, Node> parse_setting(const std::string& setting);
// Replaces the value at a dotted path, as find() reads it; missing tables on the way are made, but
// no member of a list. The kind of value (number, string, boolean, array) must stay.
void set_path(Node& root, std::string_view path, Node value, Problems& problems);

// Lays `top` over `base`: tables member by member, lists of named tables by name (`top` may then be
// a table whose keys are the names), else whole values.
void overlay(Node& base, const Node& top);

// The tables of a list in which each has a `name`, in order; none when it is another kind of node.
std::vector<std::string> names_of(const Node& list);

}  // namespace repro::config
