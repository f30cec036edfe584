(** What the theorem rests on besides Coq itself. *)

From Proof Require Import Checker.

Print Assumptions checker_is_right.
