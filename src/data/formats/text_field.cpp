#include "data/formats/text_field.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace repro::data {
namespace {

using nlohmann::json;

// Told of every value in the order of the text; keeps the one string.
class FieldFinder final : public json::json_sax_t {
 public:
  FieldFinder(const std::string& field, std::string& text) : field_(field), text_(text) {}
  FieldKind kind = FieldKind::absent;

  bool null() override { return scalar(); }
  bool boolean(bool) override { return scalar(); }
  bool number_integer(number_integer_t) override { return scalar(); }
  bool number_unsigned(number_unsigned_t) override { return scalar(); }
  bool number_float(number_float_t, const string_t&) override { return scalar(); }
  bool binary(binary_t&) override { return scalar(); }
  bool string(string_t& value) override {
    if (wanted()) {
      kind = FieldKind::text;
      text_ = std::move(value);
    }
    return true;
  }
  bool start_object(size_t) override { return start(/*object=*/true); }
  bool start_array(size_t) override { return start(/*object=*/false); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }
  bool key(string_t& name) override {
    if (depth_ == 1) at_field_ = name == field_;
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    kind = FieldKind::no_json;
    return false;
  }

 private:
  bool wanted() const { return depth_ == 1 && in_object_ && at_field_; }
  bool scalar() {
    if (wanted()) kind = FieldKind::no_string;
    return true;
  }
  bool start(bool object) {
    scalar();
    if (depth_++ == 0) in_object_ = object;
    return true;
  }
  bool end() {
    --depth_;
    return true;
  }

  const std::string& field_;
  std::string& text_;
  size_t depth_ = 0;
  bool in_object_ = false;  // the outermost value is an object
  bool at_field_ = false;   // the last key of the outermost object was the wanted one
};

}  // namespace

FieldKind read_text_field(std::string_view text_of_record, const std::string& field,
                          std::string& text) {
  FieldFinder finder(field, text);
  json::sax_parse(text_of_record.begin(), text_of_record.end(), &finder);
  return finder.kind;
}

}  // namespace repro::data
