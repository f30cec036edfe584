(** Lists that a program may read from a file while it goes through them: extracted to lazy lists. *)

Inductive stream (A : Type) :=
  | Done
  | More (first : A) (rest : stream A).

Arguments Done {A}.
Arguments More {A}.
