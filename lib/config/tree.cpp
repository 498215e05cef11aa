// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>
#include <unordered_set>
#include <utility>

namespace fairway::config {
namespace {

constexpr std::size_t deepest = 16;                     // the deepest valid value lies in five collections
constexpr std::uint64_t most_from_aliases = 1'000'000;  // values that all aliases of a file may stand for

/// Why the rest of the file is not looked at.
struct Refusal {
  Mark mark;
  std::string message;
};

/// Makes nodes of the parser's events. (YAML::Node would do, but it keeps the first of two duplicate keys silently, and a
/// document of aliases to aliases makes it walk for ever.)
class Builder final : public YAML::EventHandler {
 public:
  Builder(Tree& tree, Mark end, Problems& problems) : tree_(tree), end_(end), problems_(problems) {}

  Mark place_of(const YAML::Mark& mark) const;

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override { close(); }

 private:
  /// A collection that is not complete yet.
  struct Frame {
    Node* node;
    std::unordered_set<std::string> seen{};  // keys of a mapping
    std::optional<Member> member{};          // whose key has been read, and the value not yet
    bool dropped = false;                    // that member is not to be kept
  };

  Node& make(Node::Kind kind, Mark mark, YAML::anchor_t anchor);
  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor);
  void close();
  void attach(const Node& node, Mark mark);
  void take_key(Frame& frame, const Node& node, Mark mark);
  void check_tag(Mark mark, const std::string& tag);

  Tree& tree_;
  Mark end_;
  Problems& problems_;
  std::vector<Frame> frames_;
  std::vector<const Node*> anchors_;
  std::uint64_t from_aliases_ = 0;
  unsigned documents_ = 0;
};

/// yaml-cpp counts from 0, and knows of some errors only at the end, which is not the file's (see read_tree).
Mark Builder::place_of(const YAML::Mark& mark) const {
  if (mark.is_null()) return {};
  return std::min(end_, Mark{static_cast<unsigned>(mark.line + 1), static_cast<unsigned>(mark.column + 1)});
}

Node& Builder::make(Node::Kind kind, Mark mark, YAML::anchor_t anchor) {
  Node& node = tree_.nodes.emplace_back();
  node.kind = kind;
  node.mark = mark;
  if (anchor != 0) {
    anchors_.resize(std::max(anchors_.size(), anchor + 1));
    anchors_[anchor] = &node;
  }
  return node;
}

void Builder::check_tag(Mark mark, const std::string& tag) {
  const bool is_implied = tag.empty() || tag == "?" || tag == "!";
  if (!is_implied) problems_.add(mark, "the tag " + quoted(tag) + " is not understood here; write the plain value");
}

void Builder::take_key(Frame& frame, const Node& node, Mark mark) {
  if (node.kind == Node::Kind::null) throw Refusal{mark, "a key is missing before this ':'"};
  if (node.kind != Node::Kind::scalar) throw Refusal{mark, "a key must be a plain word"};
  frame.member = Member{.key = node.text, .mark = mark};
  frame.dropped = true;
  if (node.text == "<<")
    problems_.add(mark, "merge keys ('<<') are not understood here; write the keys out");
  else if (!frame.seen.insert(node.text).second)
    problems_.add(mark, "the key " + quoted(node.text) + " stands twice in this mapping");
  else
    frame.dropped = false;
}

/// `mark` is where the value is used: with an alias, not where it stands.
void Builder::attach(const Node& node, Mark mark) {
  if (frames_.empty()) {
    tree_.root = &node;
    return;
  }
  Frame& frame = frames_.back();
  if (frame.node->kind == Node::Kind::sequence) {
    frame.node->items.push_back(&node);
  } else if (!frame.member) {
    take_key(frame, node, mark);
  } else {
    frame.member->value = &node;
    if (!frame.dropped) frame.node->members.push_back(std::move(*frame.member));
    frame.member.reset();
  }
}

void Builder::open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
  const Mark place = place_of(mark);
  check_tag(place, tag);
  if (frames_.size() == deepest) throw Refusal{place, "nested too deeply"};
  Node& node = make(kind, place, anchor);
  node.size = 0;  // not complete, which OnAlias() asks
  attach(node, place);
  frames_.push_back({.node = &node});
}

void Builder::close() {
  Node& node = *frames_.back().node;
  node.size = 1;
  for (const Node* item : node.items) node.size += item->size;
  for (const Member& member : node.members) node.size += member.value->size;
  frames_.pop_back();
}

void Builder::OnDocumentStart(const YAML::Mark& mark) {
  if (++documents_ > 1) throw Refusal{place_of(mark), "a second document begins here; a configuration is one"};
}

void Builder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  Mark place = place_of(mark);
  // The parser gives the place of what comes next.
  if (!frames_.empty() && frames_.back().member) place = frames_.back().member->mark;
  attach(make(Node::Kind::null, place, anchor), place);
}

void Builder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const Node& node = *anchors_.at(anchor);
  if (node.size == 0) throw Refusal{place_of(mark), "this alias stands within what it stands for"};
  from_aliases_ += node.size;
  if (from_aliases_ > most_from_aliases)
    throw Refusal{place_of(mark),
                  "the aliases up to here stand for more than " + std::to_string(most_from_aliases) + " values"};
  attach(node, place_of(mark));
}

void Builder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& text) {
  const Mark place = place_of(mark);
  check_tag(place, tag);
  Node& node = make(Node::Kind::scalar, place, anchor);
  node.text = text;
  attach(node, place);
}

void Builder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                              YAML::EmitterStyle::value) {
  open(Node::Kind::sequence, mark, tag, anchor);
}

void Builder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) {
  open(Node::Kind::mapping, mark, tag, anchor);
}

Mark end_of(std::string_view text) {
  const std::size_t line_start = text.rfind('\n') + 1;  // npos + 1 is 0
  const auto lines = std::count(text.begin(), text.end(), '\n');
  return {static_cast<unsigned>(lines + 1), static_cast<unsigned>(text.size() - line_start + 1)};
}

}  // namespace

const Member* Node::find(std::string_view key) const {
  const auto found = std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.key == key; });
  return found == members.end() ? nullptr : &*found;
}

std::optional<Tree> read_tree(std::string_view text, Problems& problems) {
  Tree tree;
  Builder builder(tree, end_of(text), problems);
  try {
    // To yaml-cpp the end of the file closes a quoted text; the end of a document within one is the error that it should be.
    std::istringstream in(std::string(text) + "\n...\n");
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {}
    return tree;
  } catch (const Refusal& refusal) {
    problems.add(refusal.mark, refusal.message);
  } catch (const YAML::Exception& error) {
    problems.add(builder.place_of(error.mark), "not YAML: " + error.msg);
  }
  return std::nullopt;
}

}  // namespace fairway::config
