package io.varve.node.routing;

import io.varve.node.pipeline.PendingAppend;
import io.varve.node.pipeline.PipelineAnswer;

/** To this node's own pipeline. */
final class LocalRoute implements Route {

  private final AppendRouter router;
  private final AppendSession session;

  LocalRoute(AppendRouter router, AppendSession session) {
    this.router = router;
    this.session = session;
  }

  @Override
  public void send(Slot slot) {
    LocalAttempt attempt = new LocalAttempt(slot);
    slot.handedTo(attempt);
    router.pipeline().submit(attempt);
  }

  @Override
  public boolean leadsToLeader() {
    return router.leads();
  }

  @Override
  public void finish() {}

  @Override
  public void abandon() {}

  private final class LocalAttempt extends PendingAppend implements Slot.Attempt {

    private final Slot slot;

    LocalAttempt(Slot slot) {
      super(slot.append(), slot.deadlineNanos());
      this.slot = slot;
    }

    @Override
    protected void answered(PipelineAnswer answer) {
      session.resultCame(slot, router.answers().of(answer));
    }
  }
}
