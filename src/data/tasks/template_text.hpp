#pragma once
// The templates of a task's definition: text with values of an item in braces.
//
// {path} is the value at a dotted path, list elements by number ("choices.text.0"); numbers are
// written as digits. {path|filter|filter} passes it through, in order:
//   strip       without white space at both ends, as Python's str.strip()
//   capitalize  the first character in title case, the rest lower, as Python's str.capitalize()
//   spaces      underscores become spaces
// {{ and }} are braces.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace repro::data {

class Template {
 public:
  // Error "'TEXT': what is wrong" for a brace without its pair or an unknown filter.
  explicit Template(const std::string& text);
  // Error "no value 'PATH'" when the item has none there, or one that is neither text nor number.
  std::string fill(const nlohmann::ordered_json& item) const;

 private:
  struct Piece {
    std::string text;  // itself, or a path
    bool is_path = false;
    std::vector<std::string> filters;
  };
  std::vector<Piece> pieces_;
};

// Of an item by dotted path; Error when there is none.
const nlohmann::ordered_json& value_at(const nlohmann::ordered_json& item, std::string_view path);
// A text as it is, a whole number as its digits; Error for anything else.
std::string text_of(const nlohmann::ordered_json& value, std::string_view path);

// As lm-evaluation-harness cleans HellaSwag: stripped, " [title]" becomes ". ", what stands in
// square brackets on one line goes with them, two blanks become one.
std::string clean_wikihow(std::string_view text);

}  // namespace repro::data
