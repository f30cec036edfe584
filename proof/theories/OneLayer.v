(** The rules about one layer and its rows, put together: what each of them shows about the layer. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Streams Integers Rows Domains Interior Elimination Tables Combinations Pairs.
From Proof.rules Require Import Collision FlatTree SignSplit Packing.
Import ListNotations.
Open Scope Z_scope.

(** The proof of one of the rules about rows. A refuter or circuit is a list of pairs (i, lambda_i). *)
Inductive rows_proof :=
  | CollisionProof (x y : list Q)
  | FlatTreeProof (refuters : stream (list (Z * Z))) (tree : stream Z)
  | SignSplitProof (circuits : stream (list (Z * Z))) (tree : stream Z)
  | PackingProof (refuters : stream (list (Z * Z))).

(** The layer and the domain in integers, if they fit. *)
Definition prepared (n : nat) (K : domain) (layer : list row) : outcome (integer_domain * list integer_row) :=
  match integer_domain_of n K, integer_rows n 0 layer with
  | Some IK, Some rows => Good (IK, rows)
  | None, _ => Bad WrongDomain
  | _, None => Bad WrongShape
  end.

Definition check_rows (n : nat) (K : domain) (layer : list row) (p : rows_proof) : outcome unit :=
  match prepared n K layer with
  | Bad why => Bad why
  | Good (IK, rows) =>
      let of_layer := with_entries no_entries rows in
      let m := size of_layer in
      let functions := with_entries of_layer (halfspaces IK) in
      match p with
      | CollisionProof x y => check_collision n IK rows x y
      | FlatTreeProof refuters tree => check_flat_tree n m IK functions refuters tree
      | SignSplitProof circuits tree => check_sign_split n m IK functions (tt :: map (fun _ => tt) rows) circuits tree
      | PackingProof refuters => check_packing n m IK functions refuters
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
  (length (weights r) = n /\ remainders r = remainders_of (weights r)) /\ forall x, inside n K x -> (value r x <= 0)%R.
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

Lemma named_weights : forall t, named functions t ->
  length (weights (function t)) = n /\ remainders (function t) = remainders_of (weights (function t)).
Proof.
  intros t T. destruct (is_row m t) eqn:R.
  - destruct (Forall2_in_right _ _ _ _ _ rows_made _ (named_row t T R)) as (f & _ & L & _). exact L.
  - apply halfspaces_made, named_halfspace; assumption.
Qed.

Lemma named_length : forall t, named functions t -> length (weights (function t)) = n.
Proof. intros t T. apply (named_weights t T). Qed.

Lemma named_remainders : forall t, named functions t -> remainders (function t) = remainders_of (weights (function t)).
Proof. intros t T. apply (named_weights t T). Qed.

Lemma flat_tree_injective : forall refuters tree,
  check_flat_tree n m IK functions refuters tree = Good tt -> injective n K layer.
Proof.
  intros refuters tree H. apply (injective_if_spanned n K IK layer rows made rows_made). intros z v Z E.
  apply (check_flat_tree_sound n K IK m functions rows refuters tree made named_length named_remainders named_row halfspace_below H z v); [|exact E].
  destruct Z as [Z _]. exact Z.
Qed.

Lemma sign_split_injective : forall A (fuel : list A) circuits tree,
  check_sign_split n m IK functions fuel circuits tree = Good tt -> injective n K layer.
Proof.
  intros A fuel circuits tree H. apply (injective_if_spanned n K IK layer rows made rows_made). intros z v Z E.
  apply (check_sign_split_sound n K IK m functions rows A fuel circuits tree made named_length named_remainders named_row halfspace_below H z v Z E).
Qed.

Lemma zero_dot : forall w, dot w (fun _ => 0%R) = 0%R.
Proof. induction w as [|a w IH]; simpl; [reflexivity|]. rewrite IH. ring. Qed.

(** Rows in integers are orthogonal to the same vectors. *)
Lemma row_orthogonal : forall i r v, entry functions i = Some r -> i < m -> idot (weights r) v = 0%R ->
  (Z.to_nat i < length layer)%nat /\ dot (normal (nth (Z.to_nat i) layer (Row [] 0%Q))) v = 0%R.
Proof.
  intros i r v E I O. apply (entry_below _ _ _ _ _ size_of_layer) in E; [|exact I].
  assert (B := entry_number _ _ _ _ E). apply (entry_nth _ rows no_entries) in E; [|cbn; lia].
  replace (i - size no_entries) with i in E by (cbn; lia).
  revert E. generalize (Z.to_nat i) as k. pose proof rows_made as RM. clear - RM O.
  induction RM as [|f z layer' rows' (L & P & V) _ IH]; intros [|k] E; try discriminate E.
  - injection E as ->. split; [simpl; lia|]. cbn [nth].
    assert (V0 := V (fun _ => 0%R)). specialize (V v). unfold value, affine in V, V0. rewrite O in V. rewrite zero_dot in V0.
    assert (Z0 : idot (weights r) (fun _ => 0%R) = 0%R).
    { rewrite (idot_ext _ _ (times 0 zero_point)); [rewrite idot_times; ring|]. intros; unfold times, zero_point; ring. }
    rewrite Z0 in V0. apply Rmult_eq_reg_l with (IZR (denominator r)); lra.
  - destruct (IH k E) as [A B]. split; [simpl; lia|exact B].
Qed.

Lemma packing_injective : forall refuters,
  check_packing n m IK functions refuters = Good tt -> full_spark n layer -> injective n K layer.
Proof.
  intros refuters H FS. apply (injective_if_spanned n K IK layer rows made rows_made). intros z v (Z & _) E.
  destruct (check_packing_sound n K IK m functions z v made named_length halfspace_below Z
    (fun t T R => E (function t) (named_row t T R)) refuters H) as (J & ND & L & O).
  assert (S : same n v (fun _ => 0%R)).
  { apply (FS (map Z.to_nat J) v).
    - clear - ND O. induction ND as [|i J NI ND IH]; cbn [map]; constructor.
      + intro F. apply in_map_iff in F as (k & F & KJ). apply NI. replace i with k; [exact KJ|].
        destruct (O i (or_introl eq_refl)) as (r & E & _). destruct (O k (or_intror KJ)) as (s & F' & _).
        apply entry_number in E, F'. lia.
      + apply IH. intros k KJ. apply O. right. exact KJ.
    - rewrite map_length. exact L.
    - intros i I. apply in_map_iff in I as (k & <- & KJ). destruct (O k KJ) as (r & F & B & V).
      apply (row_orthogonal k r v F B V).
    - intros i I. apply in_map_iff in I as (k & <- & KJ). destruct (O k KJ) as (r & F & B & V).
      apply (row_orthogonal k r v F B V). }
  intros w LW. rewrite (idot_ext w v (times 0 zero_point)).
  - rewrite idot_times. ring.
  - intros j J'. rewrite S by lia. unfold times, zero_point. ring.
Qed.

End Sound.

(** What the proof of a rule shows. *)
Definition rows_claim (n : nat) (K : domain) (layer : list row) (p : rows_proof) : Prop :=
  match p with
  | CollisionProof _ _ => collides n K layer
  | FlatTreeProof _ _ | SignSplitProof _ _ => injective n K layer
  | PackingProof _ => full_spark n layer -> injective n K layer
  end.

Theorem check_rows_sound : forall n K layer p, check_rows n K layer p = Good tt -> rows_claim n K layer p.
Proof.
  intros n K layer p H. unfold check_rows, prepared in H.
  destruct (integer_domain_of n K) as [IK|] eqn:D; [|discriminate].
  destruct (integer_rows n 0 layer) as [rows|] eqn:R; [|discriminate].
  apply integer_domain_of_spec in D. apply integer_rows_spec in R.
  destruct p as [x y|refuters tree|circuits tree|refuters]; cbn [rows_claim].
  - apply (check_collision_sound n K IK layer rows x y D R H).
  - apply (flat_tree_injective n K IK layer rows D R refuters tree H).
  - apply (sign_split_injective n K IK layer rows D R _ _ circuits tree H).
  - apply (packing_injective n K IK layer rows D R refuters H).
Qed.
