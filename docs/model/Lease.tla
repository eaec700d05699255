------------------------------- MODULE Lease -------------------------------
(* How several grants of one person share one entitlement at a target. README.md says it in plain words. *)
EXTENDS FiniteSets, Naturals

CONSTANTS
    Grants,     \* the requests of one person that cover the entitlement
    None,
    MaxFaults,  \* how many attempts may fail: the worker dies, no answer comes, or the revoke does nothing
    Outliving,  \* the kinds of calls that may live longer than a claim: {} is the protocol
    Variant     \* "none" is the protocol; any other name leaves one rule out

VARIABLES
    target,  \* is the entitlement there?
    theirs,  \* history: others gave it before any grant, and have not taken it back
    record,  \* the Lease record in the State table
    status,  \* each grant's own stored state
    worker,  \* where the worker that has the claim of a grant is
    faults,  \* how many attempts of each grant have failed
    calls,   \* the calls that are under way to the target
    lost     \* history: others took it away since this grant looked

vars == <<target, theirs, record, status, worker, faults, calls, lost>>

Kinds == {"grant", "revoke"}
Empty == [holders |-> {}, leaving |-> None, watched |-> None, prior |-> FALSE]
Saw == {"saw absent", "saw present"}

TypeOK ==
    /\ target \in BOOLEAN /\ theirs \in BOOLEAN
    /\ record \in [holders: SUBSET Grants, leaving: Grants \cup {None}, watched: Grants \cup {None}, prior: BOOLEAN]
    /\ status \in [Grants -> {"approved", "granting", "granted", "leaving", "closed", "done"}]
    /\ worker \in [Grants -> Saw \cup {"free", "granting", "revoking", "dead"}]
    /\ faults \in [Grants -> 0..MaxFaults]
    /\ calls \subseteq [kind: Kinds, by: Grants, attempt: 0..MaxFaults]
    /\ lost \in [Grants -> BOOLEAN]

Init ==
    /\ target \in BOOLEAN /\ theirs = target
    /\ record = Empty
    /\ status = [g \in Grants |-> "approved"]
    /\ worker = [g \in Grants |-> "free"]
    /\ faults = [g \in Grants |-> 0]
    /\ calls = {}
    /\ lost = [g \in Grants |-> FALSE]

----------------------------------------------------------------------------
(* One transaction: the record, if it is as it was read, and the grant's own state. Reading and committing are one *)
(* step, because a lost condition only begins again; but whoever has looked at the target in between must lose it.  *)
Commit(g, new, state) ==
    /\ record' = new
    /\ status' = [status EXCEPT ![g] = state]
    /\ worker' = [h \in Grants |->
            IF h = g THEN "free"
            ELSE IF worker[h] \in Saw /\ new # record /\ Variant # "stale_look" THEN "free"
            ELSE worker[h]]
    /\ UNCHANGED <<target, theirs, faults, calls, lost>>

Send(g, kind) ==
    /\ calls' = calls \cup {[kind |-> kind, by |-> g, attempt |-> faults[g]]}
    /\ worker' = [worker EXCEPT ![g] = IF kind = "grant" THEN "granting" ELSE "revoking"]

Answered(g) == ~\E c \in calls : c.by = g /\ c.attempt = faults[g]

Look(g) == worker' = [worker EXCEPT ![g] = IF target THEN "saw present" ELSE "saw absent"]

----------------------------------------------------------------------------
(* Join *)

Free(g, state) == status[g] = state /\ worker[g] = "free"

(* What is there may be others', unless the record says that it is ours. *)
MustLook ==
    CASE Variant = "prior_trusted" -> record = Empty
      [] Variant = "looked_too_soon" -> record.holders = {} \/ record.prior
      [] OTHER -> record = Empty \/ record.prior

Joined(g, prior) == [holders |-> record.holders \cup {g}, leaving |-> None, watched |-> None, prior |-> prior]

JoinLook(g) ==
    /\ Free(g, "approved")
    /\ (record.leaving = None /\ MustLook) \/ Variant = "stale_look"  \* it read the record when there was none
    /\ Look(g)
    /\ lost' = [lost EXCEPT ![g] = FALSE]
    /\ UNCHANGED <<target, theirs, record, status, faults, calls>>

JoinCommit(g) ==
    \/ /\ status[g] = "approved" /\ worker[g] \in Saw /\ record.leaving = None
       /\ Variant = "stale_look" => record = Empty
       /\ Variant = "prior_late" => worker[g] = "saw present"
       /\ Commit(g, Joined(g, worker[g] = "saw present"), "granting")
    \/ /\ Free(g, "approved") /\ record.leaving = None /\ ~MustLook
       /\ Commit(g, Joined(g, record.prior), "granting")

Grant(g) ==
    /\ \/ Free(g, "granting") /\ ~record.prior
       \/ Variant = "prior_late" /\ status[g] = "approved" /\ worker[g] = "saw absent"
    /\ Send(g, "grant")
    /\ UNCHANGED <<target, theirs, record, status, faults, lost>>

Granted(g) ==
    \/ /\ worker[g] = "granting" /\ Answered(g)
       /\ Commit(g, IF Variant = "prior_late" THEN Joined(g, FALSE) ELSE record, "granted")
    \/ Free(g, "granting") /\ record.prior /\ Commit(g, record, "granted")

----------------------------------------------------------------------------
(* Leave: the grant's time is over, it is given back or revoked, or granting is given up *)

Others(g) == record.holders \ {g}

Leave(g) ==
    /\ Free(g, "granted") \/ Free(g, "granting")
    /\ CASE Variant = "no_lease" /\ ~record.prior -> Commit(g, [record EXCEPT !.holders = Others(g)], "leaving")
         [] Others(g) # {} -> Commit(g, [record EXCEPT !.holders = Others(g)], "done")
         [] record.prior -> Commit(g, Empty, IF Variant = "prior_forgotten" THEN "closed" ELSE "done")
         [] Variant = "no_marker" -> Commit(g, Empty, "leaving")
         [] Variant = "holder_until_revoked" -> Commit(g, record, "leaving")
         [] OTHER -> Commit(g, [record EXCEPT !.holders = {}, !.leaving = g], "leaving")

Revoke(g) ==
    /\ Free(g, "leaving")
    /\ Send(g, "revoke")
    /\ UNCHANGED <<target, theirs, record, status, faults, lost>>

(* The revoke is answered and the target read back: absent closes the request, present tries again. *)
Closed(g) ==
    /\ worker[g] = "revoking" /\ Answered(g)
    /\ CASE target /\ Variant # "no_read_back" -> Commit(g, record, "leaving")
         [] Variant = "no_watch" -> Commit(g, Empty, "done")
         [] record.leaving # g -> Commit(g, [record EXCEPT !.holders = Others(g)], "done")
         [] OTHER -> Commit(g, [record EXCEPT !.leaving = None, !.watched = g], "closed")

----------------------------------------------------------------------------
(* Watch: when no call of before can still land, whoever left last looks once more *)

Watching(g) == record.watched = g \/ (Variant = "prior_forgotten" /\ record = Empty)

WatchOver(g) == Free(g, "closed") /\ ~Watching(g) /\ Commit(g, record, "done")

WatchLook(g) ==
    /\ Free(g, "closed") /\ Watching(g) /\ calls = {}
    /\ Look(g)
    /\ UNCHANGED <<target, theirs, record, status, faults, calls, lost>>

WatchCommit(g) ==
    /\ status[g] = "closed"
    /\ \/ worker[g] = "saw absent" /\ Commit(g, Empty, "done")
       \/ worker[g] = "saw present" /\ Commit(g, [record EXCEPT !.leaving = g, !.watched = None], "leaving")

----------------------------------------------------------------------------
(* What the world does *)

Land(c) ==
    /\ calls' = calls \ {c}
    /\ target' = (c.kind = "grant")
    /\ UNCHANGED <<theirs, record, status, worker, faults, lost>>

FaultsLeft == Cardinality({d \in Grants \X (1..MaxFaults) : d[2] <= faults[d[1]]}) < MaxFaults

(* The worker dies or gets no answer; its call may have landed, may land yet, or may be lost. *)
Die(g) ==
    /\ worker[g] \in {"granting", "revoking"} /\ FaultsLeft
    /\ worker' = [worker EXCEPT ![g] = "dead"]
    /\ faults' = [faults EXCEPT ![g] = @ + 1]
    /\ UNCHANGED <<target, theirs, record, status, calls, lost>>

(* The target answers a revoke, and has done nothing. *)
Ignore(c) ==
    /\ c.kind = "revoke" /\ c.attempt = faults[c.by] /\ FaultsLeft
    /\ calls' = calls \ {c}
    /\ faults' = [faults EXCEPT ![c.by] = @ + 1]
    /\ UNCHANGED <<target, theirs, record, status, worker, lost>>

Lose(c) ==
    /\ c.attempt < faults[c.by]
    /\ calls' = calls \ {c}
    /\ UNCHANGED <<target, theirs, record, status, worker, faults, lost>>

ClaimOver(g) ==
    /\ worker[g] = "dead" /\ Variant # "no_takeover"
    /\ \A c \in calls : c.by = g => c.kind \in Outliving
    /\ worker' = [worker EXCEPT ![g] = "free"]
    /\ UNCHANGED <<target, theirs, record, status, faults, calls, lost>>

OthersTakeAway ==
    /\ theirs
    /\ theirs' = FALSE /\ target' = FALSE
    /\ lost' = [g \in Grants |-> lost[g] \/ worker[g] \in Saw \/ status[g] \in {"granting", "granted"}]
    /\ UNCHANGED <<record, status, worker, faults, calls>>

----------------------------------------------------------------------------
Work(g) ==
    \/ JoinLook(g) \/ JoinCommit(g) \/ Grant(g) \/ Granted(g)
    \/ Leave(g) \/ Revoke(g) \/ Closed(g)
    \/ WatchOver(g) \/ WatchLook(g) \/ WatchCommit(g)
    \/ ClaimOver(g)

Delivery == \E c \in calls : Land(c)

Next ==
    \/ \E g \in Grants : Work(g) \/ Die(g)
    \/ \E c \in calls : Lose(c) \/ Ignore(c)
    \/ Delivery
    \/ OthersTakeAway

Spec == Init /\ [][Next]_vars /\ WF_vars(Delivery) /\ \A g \in Grants : WF_vars(Work(g))

----------------------------------------------------------------------------
(* Safety *)

AccessLasts == \A g \in Grants : status[g] = "granted" => target \/ lost[g]

PriorStays == theirs => target

NothingIsLeft ==
    (calls = {} /\ \A g \in Grants : status[g] = "done") => ~target \/ theirs

Revoking == {g \in Grants : worker[g] = "revoking"} \cup {c.by : c \in {d \in calls : d.kind = "revoke"}}

OneRemover == Cardinality(Revoking) <= 1

NoLateRevoke == Revoking # {} => \A g \in Grants : status[g] # "granted"

(* While claims outlive calls the watch has nothing to find: it is the second line. *)
WatchFindsNothing == record.watched # None => ~target

(* Liveness *)

EveryEndIsCarriedOut == \A g \in Grants : status[g] # "approved" ~> status[g] = "done"
EveryJoinGetsThrough == \A g \in Grants : status[g] = "approved" ~> status[g] # "approved"
=============================================================================
