// TOML as a tree, and a setting of the command line.
#include "config/node.hpp"
#include "target.hpp"

namespace repro::fuzz {

void read(std::string_view bytes) {
  const MemoryFile file(bytes);
  attempt([&] {
    const config::Node root = config::read_toml(file.path(), "x.toml");
    for (const auto& [key, value] : *root.table()) {
      require(root.member(key) == &value, "a member is found by its key");
      require(value.source.line >= 1, "every value has its line");
      value.text();
    }
    config::Node twice = root;
    config::overlay(twice, root);
    require(twice.table()->size() == root.table()->size(), "a file laid over itself stays");
  });
  attempt([&] { config::parse_setting(std::string(bytes)); });
}

}  // namespace repro::fuzz
