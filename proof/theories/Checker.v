(** The checker, and what it means that it accepts. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Streams Integers Rows Domains Interior Elimination Tables Combinations Pairs.
From Proof.rules Require Import Collision FlatTree SignSplit.
Import ListNotations.
Open Scope Z_scope.

(** The proof of a certificate: one constructor a rule. A refuter or circuit is a list of pairs (i, lambda_i). *)
Inductive evidence :=
  | ACollision (x y : list Q)
  | AFlatTree (refuters : stream (list (Z * Z))) (tree : stream Z)
  | ASignSplit (circuits : stream (list (Z * Z))) (tree : stream Z).

(** The layer and the domain in integers, if they fit. *)
Definition prepared (n : nat) (K : domain) (layer : list row) : outcome (integer_domain * list integer_row) :=
  match integer_domain_of n K, integer_rows n 0 layer with
  | Some IK, Some rows => Good (IK, rows)
  | None, _ => Bad WrongDomain
  | _, None => Bad WrongShape
  end.

Definition check (n : nat) (K : domain) (layer : list row) (e : evidence) : outcome unit :=
  match prepared n K layer with
  | Bad why => Bad why
  | Good (IK, rows) =>
      let of_layer := with_entries no_entries rows in
      let m := size of_layer in
      let functions := with_entries of_layer (halfspaces IK) in
      match e with
      | ACollision x y => check_collision n IK rows x y
      | AFlatTree refuters tree => check_flat_tree n m IK functions refuters tree
      | ASignSplit circuits tree => check_sign_split n m IK functions (tt :: map (fun _ => tt) rows) circuits tree
      end
  end.

Section Sound.

Variable n : nat.
Variable K : domain.
Variable IK : integer_domain.
Variable layer : list row.
Variable rows : list integer_row.
Hypothesis made : domain_made n K IK.
Hypothesis rows_made : Forall2 (made_from n) layer rows.

Let of_layer := with_entries no_entries rows.
Let m := size of_layer.
Let functions := with_entries of_layer (halfspaces IK).

Lemma halfspaces_made : forall r, In r (halfspaces IK) ->
  length (weights r) = n /\ forall x, inside n K x -> (value r x <= 0)%R.
Proof.
  intros r R. destruct made; try contradiction R. cbn [halfspaces] in R.
  destruct (Forall2_in_right _ _ _ _ _ H r R) as (f & F & L & P & V).
  split; [exact L|]. intros y Y. rewrite V. specialize (Y f F). cbn beta in Y. nra.
Qed.

Lemma size_of_layer : 0 <= m.
Proof. apply (size_with_entries _ rows no_entries). Qed.

Lemma named_row : forall t, named functions t -> is_row m t = true -> In (function t) rows.
Proof.
  intros t T R. apply Z.ltb_lt in R. apply (entry_below _ _ _ _ _ size_of_layer) in T; [|exact R].
  destruct (entry_from _ rows no_entries _ _ (Z.le_refl 0) T) as [I|E]; [exact I|].
  apply entry_number in E. cbn in E. lia.
Qed.

Lemma named_halfspace : forall t, named functions t -> is_row m t = false -> In (function t) (halfspaces IK).
Proof.
  intros t T R. apply Z.ltb_ge in R. destruct (entry_from _ _ _ _ _ size_of_layer T) as [I|E]; [exact I|].
  apply entry_number in E. fold m in E. lia.
Qed.

Lemma halfspace_below : forall t, named functions t -> is_row m t = false ->
  forall x, inside n K x -> (value (function t) x <= 0)%R.
Proof. intros t T R. apply halfspaces_made, named_halfspace; assumption. Qed.

Lemma named_length : forall t, named functions t -> length (weights (function t)) = n.
Proof.
  intros t T. destruct (is_row m t) eqn:R.
  - destruct (Forall2_in_right _ _ _ _ _ rows_made _ (named_row t T R)) as (f & _ & L & _). exact L.
  - apply halfspaces_made, named_halfspace; assumption.
Qed.

Lemma flat_tree_injective : forall refuters tree,
  check_flat_tree n m IK functions refuters tree = Good tt -> injective n K layer.
Proof.
  intros refuters tree H. apply (injective_if_spanned n K IK layer rows made rows_made). intros z v Z E.
  apply (check_flat_tree_sound n K IK m functions rows refuters tree made named_length named_row halfspace_below H z v); [|exact E].
  destruct Z as [Z _]. exact Z.
Qed.

Lemma sign_split_injective : forall A (fuel : list A) circuits tree,
  check_sign_split n m IK functions fuel circuits tree = Good tt -> injective n K layer.
Proof.
  intros A fuel circuits tree H. apply (injective_if_spanned n K IK layer rows made rows_made). intros z v Z E.
  apply (check_sign_split_sound n K IK m functions rows A fuel circuits tree made named_length named_row halfspace_below H z v Z E).
Qed.

End Sound.

(** * The theorem *)

(** What a certificate with this evidence claims. *)
Definition claim (n : nat) (K : domain) (layer : list row) (e : evidence) : Prop :=
  match e with
  | ACollision _ _ => collides n K layer
  | AFlatTree _ _ | ASignSplit _ _ => injective n K layer
  end.

(** What the checker accepts is true. *)
Theorem checker_is_right : forall n K layer e, check n K layer e = Good tt -> claim n K layer e.
Proof.
  intros n K layer e H. unfold check, prepared in H.
  destruct (integer_domain_of n K) as [IK|] eqn:D; [|discriminate].
  destruct (integer_rows n 0 layer) as [rows|] eqn:R; [|discriminate].
  apply integer_domain_of_spec in D. apply integer_rows_spec in R.
  destruct e as [x y|refuters tree|circuits tree]; cbn [claim].
  - apply (check_collision_sound n K IK layer rows x y D R H).
  - apply (flat_tree_injective n K IK layer rows D R refuters tree H).
  - apply (sign_split_injective n K IK layer rows D R _ _ circuits tree H).
Qed.
