(** Lists that a program may read from a file while it goes through them, extracted to lazy lists; and lazy values. *)

Inductive stream (A : Type) :=
  | Done
  | More (first : A) (rest : stream A).

Arguments Done {A}.
Arguments More {A}.

(** What a program computes when it is asked for, and then once: extracted to lazy values. *)

Inductive delayed (A : Type) := Delay (make : unit -> A).

Arguments Delay {A}.

Definition force {A : Type} (d : delayed A) : A := match d with Delay make => make tt end.
