(** What the theorem rests on besides Coq itself. *)

From Proof Require Import Checker ConvolutionChecker NetworkChecker GraphChecker.

Print Assumptions checker_is_right.
Print Assumptions checker_of_convolutions_is_right.
Print Assumptions checker_of_networks_is_right.
Print Assumptions checker_of_residual_blocks_is_right.
Print Assumptions checker_of_graphs_is_right.
