import { FailureNotice } from "../../parts/FailureNotice";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import { lost } from "../../state/connection";

interface DeliverNowProps {
  id: string;
  delivered: () => void;
}

/** Nothing is lost by trying, so nothing is asked. */
export function DeliverNow({ id, delivered }: DeliverNowProps) {
  const act = useAct(() => api.POST("/admin/notices/{noticeId}/deliver", { params: { path: { noticeId: id } } }), {
    done: delivered,
  });
  const blocked = lost.value !== null || act.state.kind === "running";
  return (
    <>
      <button type="button" aria-label={`Deliver now ${id}`} aria-disabled={blocked} onClick={() => void act.run()}>
        Deliver now
      </button>
      {(act.state.kind === "failed" || act.state.kind === "unknown") && <FailureNotice failure={act.state.failure} />}
    </>
  );
}
