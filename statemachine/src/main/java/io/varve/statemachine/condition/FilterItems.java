package io.varve.statemachine.condition;

import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.statemachine.LogReader.Direction;
import java.util.ArrayList;
import java.util.List;

/** Takes filter items apart. */
public final class FilterItems {

  private FilterItems() {}

  /** Whether an item names at least one label. */
  public static boolean namesALabel(FilterItem item) {
    return !item.getSource().isEmpty()
        || !item.getSourceType().isEmpty()
        || !item.getStreamType().isEmpty()
        || !item.getStreamId().isEmpty()
        || item.getTypesCount() > 0
        || item.getTagsCount() > 0;
  }

  /**
   * Makes sure that a filter selects something: no filter ever means "everything".
   *
   * @throws IllegalArgumentException if it has no item, or an item names no label
   */
  public static void requireSelective(Filter filter) {
    if (filter.getAnyOfCount() == 0) {
      throw new IllegalArgumentException("a filter needs at least one item");
    }
    for (int i = 0; i < filter.getAnyOfCount(); i++) {
      if (!namesALabel(filter.getAnyOf(i))) {
        throw new IllegalArgumentException("filter item " + i + " names no label");
      }
    }
  }

  /**
   * The walks whose common stops are an item's matches, in a fixed order: source, source type,
   * stream type, stream id, event types (one walk for any of them), then each tag.
   *
   * @param direction the way the index walks
   */
  public static List<Walk> walks(FilterItem item, LogIndex index, Direction direction) {
    List<Walk> walks = new ArrayList<>(4 + item.getTagsCount());
    if (!item.getSource().isEmpty()) {
      walks.add(index.source(item.getSource()));
    }
    addLabel(walks, index, LabelKind.SOURCE_TYPE, item.getSourceType());
    addLabel(walks, index, LabelKind.STREAM_TYPE, item.getStreamType());
    addLabel(walks, index, LabelKind.STREAM_ID, item.getStreamId());
    if (item.getTypesCount() == 1) {
      walks.add(index.label(LabelKind.EVENT_TYPE, item.getTypes(0)));
    } else if (item.getTypesCount() > 1) {
      List<Walk> types = new ArrayList<>(item.getTypesCount());
      for (String type : item.getTypesList()) {
        types.add(index.label(LabelKind.EVENT_TYPE, type));
      }
      walks.add(new UnionWalk(types, direction));
    }
    for (String tag : item.getTagsList()) {
      walks.add(index.label(LabelKind.TAG, tag));
    }
    return walks;
  }

  private static void addLabel(List<Walk> walks, LogIndex index, LabelKind kind, String value) {
    if (!value.isEmpty()) {
      walks.add(index.label(kind, value));
    }
  }
}
