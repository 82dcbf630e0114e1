#include "report/figure.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "report/figure_parts.hpp"
#include "report/table.hpp"

namespace repro::report {
namespace {

// Pixels.
constexpr double kPanelWidth = 372, kPanelHeight = 236;
constexpr double kLeft = 78, kRight = 22, kAcross = 22, kDown = 44;
constexpr double kTitleLine = 38, kPanelTitle = 26, kAxisTexts = 50, kLegendLine = 21,
                 kNoteLine = 18;
constexpr double kNarrowest = 700;    // below it neither legend nor note has room
constexpr double kLetter = 7;         // of the fonts below, on the mean
constexpr double kLegendSample = 60;  // of an entry, besides its label

size_t columns_of(const Picture& picture) {
  const size_t panels = std::max<size_t>(picture.panels.size(), 1);
  return picture.columns == 0 ? panels : std::min(picture.columns, panels);
}

// Where everything is: y grows upwards from the bottom, as gnuplot's screen does.
class FigureLayout {
 public:
  FigureLayout(const Picture& picture, const std::vector<LegendEntry>& legend)
      : columns_(columns_of(picture)),
        rows_((std::max<size_t>(picture.panels.size(), 1) + columns_ - 1) / columns_) {
    const auto columns = static_cast<double>(columns_), rows = static_cast<double>(rows_);
    const double panels = kPanelWidth * columns + kAcross * (columns - 1);
    width_ = std::max(kNarrowest, kLeft + panels + kRight);
    stretch_ = (width_ - kLeft - kRight - kAcross * (columns - 1)) / (kPanelWidth * columns);
    size_t letters = 1;
    for (const LegendEntry& entry : legend) letters = std::max(letters, display_width(entry.label));
    const double entry = kLegendSample + kLetter * static_cast<double>(letters);
    const size_t legend_columns = std::max<size_t>(1, static_cast<size_t>(width_ / entry));
    legend_rows_ = (legend.size() + legend_columns - 1) / legend_columns;
    if (!picture.note.empty())
      notes_ = wrap(picture.note, static_cast<size_t>((width_ - 40) / kLetter));
    bottom_ = kNoteLine * static_cast<double>(notes_.size()) +
              kLegendLine * static_cast<double>(legend_rows_) + 10;
    top_ = picture.title.empty() ? 0 : kTitleLine;
    height_ =
        bottom_ + kAxisTexts + rows * (kPanelTitle + kPanelHeight) + (rows - 1) * kDown + top_;
  }

  double width() const { return width_; }
  double height() const { return height_; }
  size_t columns() const { return columns_; }
  size_t legend_rows() const { return legend_rows_; }
  bool is_left(size_t panel) const { return panel % columns_ == 0; }
  bool is_lowest(size_t panel, size_t panels) const { return panel + columns_ >= panels; }
  const std::vector<std::string>& notes() const { return notes_; }
  size_t title_letters() const {
    return static_cast<size_t>(kPanelWidth * stretch_ / (kLetter + 0.5));
  }

  std::string margins(size_t panel) const {
    const auto column = static_cast<double>(panel % columns_);
    const auto row = static_cast<double>(panel / columns_);
    const double left = kLeft + column * (kPanelWidth * stretch_ + kAcross);
    const double top = height_ - top_ - kPanelTitle - row * (kPanelHeight + kPanelTitle + kDown);
    return fmt::format(
        "set lmargin at screen {:.5f}\nset rmargin at screen {:.5f}\n"
        "set tmargin at screen {:.5f}\nset bmargin at screen {:.5f}\n",
        left / width_, (left + kPanelWidth * stretch_) / width_, top / height_,
        (top - kPanelHeight) / height_);
  }
  double legend_y() const { return (kNoteLine * static_cast<double>(notes_.size()) + 6) / height_; }
  double note_y(size_t line) const {
    return kNoteLine * (static_cast<double>(notes_.size() - line) - 0.5) / height_;
  }
  double title_y() const { return 1 - 0.45 * kTitleLine / height_; }

 private:
  size_t columns_, rows_, legend_rows_ = 0;
  double width_ = 0, height_ = 0, stretch_ = 1, bottom_ = 0, top_ = 0;
  std::vector<std::string> notes_;
};

std::string empty_panel_script(const Panel& panel, const FigureColours& colours) {
  return fmt::format(
      "set label 1 {} at graph 0.5,0.5 center textcolor rgb '{}'\nset format ''\n"
      "set xrange [0:1]\nset yrange [0:1]\nplot NaN notitle\nunset label\nset format\n",
      gnuplot_string(panel.empty), colours.faint);
}

// Panels of a row share y, all of a picture x: what is alike then looks alike.
std::string panel_script(const Picture& picture, size_t at, const FigureLayout& layout,
                         size_t first, const FigureColours& colours) {
  const Panel& panel = picture.panels[at];
  std::vector<const Panel*> row, all;
  for (size_t i = 0; i < picture.panels.size(); ++i) {
    all.push_back(&picture.panels[i]);
    if (i / layout.columns() == at / layout.columns()) row.push_back(&picture.panels[i]);
  }
  std::string out =
      layout.margins(at) +
      fmt::format("set title {}\n", gnuplot_string(cut_text(panel.title, layout.title_letters())));
  out += layout.is_lowest(at, picture.panels.size())
             ? fmt::format("set xlabel {}\n", gnuplot_string(panel.x_label))
             : "unset xlabel\n";
  if (panel.curves.empty()) return out + empty_panel_script(panel, colours);
  out += layout.is_left(at)
             ? fmt::format("set ylabel {}\nset format y\n", gnuplot_string(picture.y_label))
             : "unset ylabel\nset format y ''\n";
  const AxisRange x = x_range(all), y = y_range(row);
  return out + end_labels(panel, colours) +
         fmt::format(
             "set xrange [{:.7g}:{:.7g}]\nset yrange [{:.7g}:{:.7g}]\nplot {}\nunset label\n",
             x.low, x.high, y.low, y.high, panel_plots(panel, first, colours));
}

// A plot of nothing over the whole picture, which carries the legend and the texts of all.
std::string frame_script(const Picture& picture, const FigureLayout& layout,
                         const std::vector<LegendEntry>& legend, const FigureColours& colours) {
  std::string out =
      "set lmargin at screen 0\nset rmargin at screen 1\nset tmargin at screen 1\n"
      "set bmargin at screen 0\nunset title\nunset xlabel\nunset ylabel\nunset border\n"
      "unset tics\nunset grid\nset xrange [0:1]\nset yrange [0:1]\n";
  if (!picture.title.empty())
    out += fmt::format("set label 1 {} at screen 0.5,{:.5f} center font ',15'\n",
                       gnuplot_string(cut_text(
                           picture.title, static_cast<size_t>(layout.width() / (kLetter + 1.5)))),
                       layout.title_y());
  for (size_t i = 0; i < layout.notes().size(); ++i)
    out += fmt::format("set label {} {} at screen 0.5,{:.5f} center font ',11'\n", i + 2,
                       gnuplot_string(layout.notes()[i]), layout.note_y(i));
  out += fmt::format(
      "set key at screen 0.5,{:.5f} center bottom vertical maxrows {} reverse Left samplen 2.2 "
      "spacing 1.1 textcolor rgb '{}'\n",
      layout.legend_y(), std::max<size_t>(layout.legend_rows(), 1), colours.ink);
  std::vector<std::string> plots;
  for (const LegendEntry& entry : legend) plots.push_back(entry.plot);
  return out + "plot " + (plots.empty() ? "NaN notitle" : join(plots, ", \\\n     ")) + "\n";
}

std::string terminal_line(const char* terminal, const char* font, const FigureLayout& layout,
                          Theme theme) {
  return fmt::format(
      "set terminal {} size {:.0f},{:.0f} {} noenhanced font 'sans-serif,{}' "
      "background '{}'\n",
      terminal, layout.width(), layout.height(),
      std::string_view(terminal) == "svg" ? "dynamic" : "", font, colours_of(theme).ground);
}

FigureLayout layout_of(const Picture& picture) {
  return {picture, legend_of(picture, colours_of(Theme::light))};
}

}  // namespace

bool gnuplot_found() { return find_program("gnuplot").has_value(); }

const std::vector<std::string>& drawn_endings() {
  static const std::vector<std::string> kEndings = {".svg", "-dark.svg", ".png"};
  return kEndings;
}

std::string gnuplot_script(const Picture& picture, Theme theme) {
  const FigureColours& colours = colours_of(theme);
  const std::vector<LegendEntry> legend = legend_of(picture, colours);
  const FigureLayout layout(picture, legend);
  std::string out = fmt::format(
      "reset\nset border 3 lc rgb '{}'\nset tics nomirror textcolor rgb '{}'\n"
      "set grid ytics lc rgb '{}' lw 1\nset title textcolor rgb '{}'\n"
      "set xlabel textcolor rgb '{}'\nset ylabel textcolor rgb '{}'\n"
      "set style textbox noborder\nunset key\n",
      colours.axis, colours.ink, colours.grid, colours.ink, colours.ink, colours.ink);
  size_t blocks = 0;
  for (const Panel& panel : picture.panels) out += panel_data(panel, blocks);
  out += "set multiplot\n";
  size_t first = 0;
  for (size_t i = 0; i < picture.panels.size(); ++i) {
    out += panel_script(picture, i, layout, first, colours);
    first += picture.panels[i].curves.size() + (picture.panels[i].crossings.empty() ? 0 : 1);
  }
  return out + frame_script(picture, layout, legend, colours) + "unset multiplot\n";
}

// Names of files reach gnuplot as arguments, never as text of the script; an absolute one cannot be
// taken for an option or for a pipe ("|command", "<command").
void draw(const Picture& picture, const fs::path& relative_base) {
  const fs::path base = fs::absolute(relative_base);
  const FigureLayout layout = layout_of(picture);
  const std::string light = gnuplot_script(picture, Theme::light);
  const fs::path script = fs::path(base).concat(".gnuplot");
  write_file_atomically(
      script, terminal_line("svg", "13", layout, Theme::light) + "set output ARG1\n" + light +
                  "set output\n" + terminal_line("svg", "13", layout, Theme::dark) +
                  "set output ARG2\n" + gnuplot_script(picture, Theme::dark) + "set output\n" +
                  terminal_line("pngcairo", "10", layout, Theme::light) + "set output ARG3\n" +
                  light);
  Command command{.words = {"gnuplot", "--default-settings", "-c", script.string()}};
  for (const std::string& ending : drawn_endings())
    command.words.push_back(fs::path(base).concat(ending).string());
  const Completed gnuplot = run_to_end(command);
  fs::remove(script);
  if (!gnuplot.status.clean())
    throw Error(Exit::run_failed, "{}: gnuplot failed: {}", relative_base.string(),
                trim(gnuplot.errors));
  for (const char* ending : {".svg", "-dark.svg"}) {
    const fs::path file = fs::path(base).concat(ending);
    const std::string name = base.filename().string() + (ending[0] == '-' ? "-dark" : "");
    write_file_atomically(file, tidy_svg(read_file(file), name, picture.title));
  }
}

}  // namespace repro::report
