(** The checker as an OCaml program. Integers become those of the library zarith (program/integer.ml says how), and
    streams become lists that are read when they are needed. Everything else is Coq's own translation. *)

From Coq Require Import List ZArith QArith Extraction ExtrOcamlBasic.
From Proof Require Import Layers Streams Rows Domains Tables Combinations OneLayer Checker ConvolutionChecker NetworkChecker GraphChecker.
From Proof.rules Require Import Blocks DepthTree PackingNearby Gram.
From Proof.networks Require Import Composition Cells CellPairs PMatrix Orientation Graphs GraphForms GraphLayers ResidualLayers ConvolutionLayers
  GraphComposition.
From Proof.convolution Require Import Convolutions Windows Geometry Unrolled Covering FullSpark Stages Boxes WindowPacking PackedBoxes
  Periodic Patch Unpaired Geometric.

Extract Inductive positive => "Integer.t" [ "Integer.double_plus_one" "Integer.double" "Integer.one" ] "Integer.case_positive".
Extract Inductive Z => "Integer.t" [ "Integer.zero" "Integer.same" "Integer.opp" ] "Integer.case".

Extract Inlined Constant Z.add => "Integer.add".
Extract Inlined Constant Z.sub => "Integer.sub".
Extract Inlined Constant Z.mul => "Integer.mul".
Extract Inlined Constant Z.opp => "Integer.opp".
Extract Inlined Constant Z.eqb => "Integer.eqb".
Extract Inlined Constant Z.ltb => "Integer.ltb".
Extract Inlined Constant Z.leb => "Integer.leb".
Extract Inlined Constant Z.min => "Integer.min".
Extract Inlined Constant Z.max => "Integer.max".
Extract Inlined Constant Z.gcd => "Integer.gcd".
Extract Inlined Constant Z.lcm => "Integer.lcm".
Extract Inlined Constant Z.quot => "Integer.quot".
Extract Inlined Constant Z.quotrem => "Integer.quotrem".
Extract Inlined Constant Z.testbit => "Integer.testbit".
Extract Inlined Constant Z.setbit => "Integer.setbit".
Extract Inlined Constant Z.to_pos => "Integer.to_pos".

Extract Inlined Constant Z.modulo => "Integer.modulo".
Extract Inlined Constant Z.div => "Integer.div".

Set Extraction KeepSingleton.
Extract Inductive delayed => "Stream.delayed" [ "Stream.delay" ] "Stream.forced".
Extract Inductive stream => "Stream.t" [ "Stream.done_" "Stream.more" ] "Stream.case".

Extraction Language OCaml.
Extraction "checker.ml" check integer_domain_of integer_rows halfspaces mask_of count block_layer block_domain with_entries no_entries turned
  check_convolution sizes_fit unrolled layer_columns column_domain box_layer box_columns placed_windows rows_within any_bias
  window_count seen_rows either cut
  check_network check_residual_block sloped_rows image_domain
  check_graph is_affine size_of_step
  all_views views_along tap_seen
  starts_along margin copies inner_position different_places holds window_reads rows_by_window
  reads_tap negative_multiple extent places not_negative seen_at all_inputs few_enough.
