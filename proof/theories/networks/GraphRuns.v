(** The values of a graph, step after step: their numbers of entries, and that the forms in the tables are theirs. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Streams Tables.
From Proof.convolution Require Import Convolutions.
From Proof.networks Require Import Graphs GraphForms FormsOfGraphs.
Import ListNotations.
Open Scope Z_scope.

(** Values by their numbers, the first of these steps being the k-th, with the value v. *)
Fixpoint follows (I : interpretation) (V : Z -> list R) (k : nat) (v : Z) (steps : list step) : Prop :=
  match steps with
  | [] => True
  | s :: rest =>
      (V v = step_value I k (operation_of s) (map V (reads s)) /\ step_defined I k (operation_of s) (map V (reads s)))
      /\ follows I V (S k) (v + 1) rest
  end.

Definition right_sizes (V : Z -> list R) (sizes : table Z) : Prop := forall v n, entry sizes v = Some n -> Z.of_nat (length (V v)) = n.

Definition right_forms (V : Z -> list R) (known : table value_forms) : Prop := right_lookup V (form_of known).

Lemma entry_with : forall A (t : table A) a i b, 0 <= size t -> entry (with_entry t a) i = Some b ->
  (i = size t /\ b = a) \/ entry t i = Some b.
Proof.
  intros A t a i b P H. assert (B := entry_number _ _ _ _ H). cbn in B. destruct (Z.eq_dec i (size t)) as [->|N].
  - left. split; [reflexivity|]. change (with_entry t a) with (with_entries t [a]) in H. apply entry_nth in H; [|lia].
    rewrite Z.sub_diag in H. cbn in H. congruence.
  - right. change (with_entry t a) with (with_entries t [a]) in H. apply entry_below in H; [exact H|exact P|lia].
Qed.

Lemma entry_at_nth : forall A (l : list A) i b, entry (with_entries no_entries l) i = Some b -> 0 <= i /\
  nth_error l (Z.to_nat i) = Some b.
Proof.
  intros A l i b H. assert (B := entry_number _ _ _ _ H). split; [lia|]. apply entry_nth in H; [|cbn; lia].
  cbn [size no_entries] in H. rewrite Z.sub_0_r in H. exact H.
Qed.

Lemma size_of_entries : forall A (l : list A) (t : table A), size (with_entries t l) = size t + Z.of_nat (length l).
Proof.
  induction l as [|a l IH]; intro t; [cbn; lia|]. change (with_entries t (a :: l)) with (with_entries (with_entry t a) l).
  rewrite IH. cbn [size with_entry length]. lia.
Qed.

(** * Numbers of entries *)

Lemma flat_map_length_same : forall A B (f : A -> list B) c l, (forall a, length (f a) = c) ->
  length (flat_map f l) = (length l * c)%nat.
Proof. induction l as [|a l IH]; intro H; cbn; [reflexivity|]. rewrite app_length, H, IH by exact H. reflexivity. Qed.

Lemma each_entry_length : forall f v, length (each_entry f v) = length v.
Proof. intros f v. rewrite each_entry_map, map_length, below_length, Nat2Z.id. reflexivity. Qed.

Lemma step_length : forall I (V : Z -> list R) k op read,
  let sizes := map (fun v => Z.of_nat (length (V v))) read in
  0 <= size_of_step op sizes -> Z.of_nat (length (step_value I k op (map V read))) = size_of_step op sizes.
Proof.
  intros I V k op read sizes H.
  assert (F : first_number sizes = Z.of_nat (length (nth 0 (map V read) []))) by (destruct read; reflexivity).
  unfold size_of_step, step_value in *. rewrite F in *. set (v := nth 0 (map V read) []) in *.
  destruct op; rewrite ?map_length, ?each_entry_length, ?below_length, ?Nat2Z.id; try reflexivity; try lia.
  - destruct (Z.ltb_spec 0 n); [|lia]. rewrite (flat_map_length_same _ _ _ (length layer)) by (intro; apply map_length).
    rewrite below_length, Nat2Z.inj_mul, Z2Nat.id by (apply Z.div_pos; lia). reflexivity.
  - rewrite (flat_map_length_same _ _ _ (outputs C * length (windows (axes C) N))%nat).
    + rewrite seq_length. lia.
    + intro a. rewrite (flat_map_length_same _ _ _ (length (windows (axes C) N))) by (intro; apply map_length). rewrite seq_length.
      reflexivity.
  - subst sizes. clear. induction read as [|u read IH]; cbn [map concat fold_right]; [reflexivity|].
    rewrite app_length, Nat2Z.inj_add, IH. reflexivity.
Qed.

Lemma entries_at_sizes : forall V sizes read ns, right_sizes V sizes -> entries_at sizes read = Some ns ->
  map (fun v => Z.of_nat (length (V v))) read = ns.
Proof.
  intros V sizes. induction read as [|v read IH]; intros ns RS H; cbn [entries_at] in H; [injection H as <-; reflexivity|].
  destruct (entry sizes v) as [n|] eqn:E; [|discriminate]. destruct (entries_at sizes read) as [l|]; [|discriminate].
  injection H as <-.
  cbn [map]. rewrite (RS v n E), (IH l RS eq_refl). reflexivity.
Qed.

Lemma sizes_from_right : forall I V steps k sizes all, sizes_from steps sizes = Some all -> 0 <= size sizes ->
  follows I V k (size sizes) steps -> right_sizes V sizes -> right_sizes V all.
Proof.
  intros I V. induction steps as [|s rest IH]; intros k sizes all H P F RS; cbn [sizes_from follows] in *; [injection H as <-;
    exact RS|].
  destruct (entries_at sizes (reads s)) as [ns|] eqn:E; [|discriminate]. apply (entries_at_sizes V) in E; [|exact RS].
  destruct (0 <=? size_of_step (operation_of s) ns) eqn:N; [|discriminate]. apply Z.leb_le in N. destruct F as [[FV _] F].
  apply (IH (S k) _ _ H); [cbn; lia|exact F|]. intros v n EV. apply entry_with in EV as [[-> ->]|EV]; [|apply RS, EV|exact P].
  rewrite FV. subst ns. apply step_length, N.
Qed.

(** * Forms *)

Lemma resolved_forms_right : forall V known op read ns v I k, right_forms V known ->
  map (fun u => Z.of_nat (length (V u))) read = ns -> V v = step_value I k op (map V read) ->
  forall i d f, entry (resolved_forms known (affine_entries op read ns)) i = Some d -> force d = Some f ->
  stands_for V f (entry_at (V v) i).
Proof.
  intros V known op read ns v I k RF L E i d f H D. destruct (affine_entries op read ns) as [fs|] eqn:A; cbn [resolved_forms] in H.
  - apply (affine_entries_right V I k) in A; [|exact L]. rewrite <- E in A. apply entry_at_nth in H as [P H].
    rewrite nth_error_map in H. destruct (nth_error fs (Z.to_nat i)) as [f0|] eqn:N; [|discriminate]. injection H as <-.
    cbn [force] in D. apply (resolved_right V _ _ _ _ RF) with (2 := D).
    clear - A N. unfold entry_at. revert A N. generalize (Z.to_nat i) as j. generalize (V v) as l.
    induction fs as [|f1 fs IH]; intros l j A N; [destruct j; discriminate|].
    inversion A as [|? t ? l' H1 H2]; subst. destruct j as [|j]; [injection N as <-; exact H1|apply (IH l' j H2 N)].
  - apply entry_number in H. cbn in H. lia.
Qed.

Lemma forms_of_step_right : forall I V k sizes known s, right_sizes V sizes -> right_forms V known -> 0 <= size known ->
  V (size known) = step_value I k (operation_of s) (map V (reads s)) ->
  right_forms V (with_entry known (forms_of_step sizes known s)).
Proof.
  intros I V k sizes known s RS RF P E v i f H. unfold form_of in H.
  destruct (entry (with_entry known (forms_of_step sizes known s)) v) as [made|] eqn:EV; [|discriminate].
  apply entry_with in EV as [[-> ->]|EV]; [| |exact P].
  - unfold forms_of_step in H. destruct (is_affine (operation_of s)).
    + cbn [force] in H. destruct (entries_at sizes (reads s)) as [ns|] eqn:N.
      * apply (entries_at_sizes V) in N; [|exact RS].
        destruct (entry (resolved_forms known (affine_entries (operation_of s) (reads s) ns)) i) as [d|] eqn:D; [|discriminate].
        apply (resolved_forms_right V known _ _ ns _ I k RF N E i d f D H).
      * cbn [resolved_forms] in H. destruct (entry no_entries i) as [d|] eqn:D; [|discriminate]. apply entry_number in D. cbn in D.
        lia.
    + injection H as <-. split; [cbn; lra|]. apply entry_form_right. cbn. lra.
  - apply (RF v i f). unfold form_of. rewrite EV. exact H.
Qed.

Lemma forms_from_right : forall I V sizes steps k known, right_sizes V sizes -> follows I V k (size known) steps -> 0 <= size known ->
  right_forms V known -> right_forms V (forms_from sizes steps known).
Proof.
  intros I V sizes. induction steps as [|s rest IH]; intros k known RS F P RF; cbn [forms_from follows] in *; [exact RF|].
  destruct F as [[E _] F]. apply (IH (S k)); [exact RS|exact F|cbn; lia|]. apply (forms_of_step_right I V k); assumption.
Qed.

Lemma atoms_right : forall V A (l : list A), right_forms V (with_entries no_entries (map (fun _ => AtomForms) l)).
Proof.
  intros V A l v i f H. unfold form_of in H. destruct (entry _ v) as [made|] eqn:E; [|discriminate].
  apply entry_at_nth in E as [_ E]. rewrite nth_error_map in E. destruct (nth_error l (Z.to_nat v)); [|discriminate].
  injection E as <-.
  injection H as <-. split; [cbn; lra|]. apply entry_form_right. cbn. lra.
Qed.

(** * The values of a graph at a point *)

Definition values_at (I : interpretation) (G : graph) (x : point) : Z -> list R := fun v => nth (Z.to_nat v) (graph_values I G x) [].

Lemma values_follow : forall I steps k values sizes all, sizes_from steps sizes = Some all -> size sizes = Z.of_nat (length values) ->
  defined_from I k steps values ->
  let W := values_from I k steps values in
  follows I (fun v => nth (Z.to_nat v) W []) k (size sizes) steps /\ forall r, (r < length values)%nat -> nth r W [] = nth r values [].
Proof.
  intros I. induction steps as [|s rest IH]; intros k values sizes all H L D; cbn [sizes_from values_from defined_from] in *.
  - split; [exact Logic.I|reflexivity].
  - destruct (entries_at sizes (reads s)) as [ns|] eqn:E; [|discriminate].
    destruct (0 <=? size_of_step (operation_of s) ns); [|discriminate]. destruct D as [D0 D].
    assert (L' : forall n sv, size (with_entry sizes n) = Z.of_nat (length (values ++ [sv]))).
    { intros n sv. rewrite app_length. cbn [size with_entry length]. lia. }
    destruct (IH (S k) _ _ _ H (L' _ _) D) as [F P]. clear L'.
    set (sv := step_value I k (operation_of s) (values_read values s)) in *.
    set (W := values_from I (S k) rest (values ++ [sv])) in *.
    assert (P' : forall r, (r < length values)%nat -> nth r W [] = nth r values []).
    { intros r R. rewrite P by (rewrite app_length; cbn; lia). apply app_nth1, R. }
    assert (RV : map (fun v => nth (Z.to_nat v) W []) (reads s) = values_read values s).
    { unfold values_read. apply map_ext_in. intros v IV. apply P'. enough (0 <= v < size sizes) by lia.
      clear - E IV. revert ns E. induction (reads s) as [|u l IH]; intros ns E; [destruct IV|]. cbn [entries_at] in E.
      destruct (entry sizes u) eqn:U; [|discriminate]. destruct (entries_at sizes l) eqn:T; [|discriminate].
      destruct IV as [->|IV]; [apply (entry_number _ _ _ _ U)|apply (IH IV _ eq_refl)]. }
    cbn [follows]. split; [|exact P']. rewrite RV. split; [split|].
    + rewrite P by (rewrite app_length, L, Nat2Z.id; cbn; lia). rewrite L, Nat2Z.id, app_nth2, Nat.sub_diag by lia. reflexivity.
    + exact D0.
    + exact F.
Qed.

Lemma input_values_length : forall counts x, length (input_values counts x) = length counts.
Proof. induction counts as [|c rest IH]; intro x; cbn [input_values length]; [reflexivity|]. rewrite IH. reflexivity. Qed.

Lemma input_sizes : forall counts x k n, nth_error counts k = Some n -> 0 <= n ->
  Z.of_nat (length (nth k (input_values counts x) [])) = n.
Proof.
  induction counts as [|c rest IH]; intros x [|k] n H P; try discriminate H; cbn [nth_error input_values nth] in *.
  - injection H as ->. rewrite map_length, seq_length. lia.
  - apply IH; assumption.
Qed.

Section Run.

Variable G : graph.
Variable sizes : table Z.
Hypothesis well_sized : sizes_of G = Some sizes.
Variable I : interpretation.
Variable x : point.
Hypothesis defined : graph_defined I G x.

Let V := values_at I G x.
Let first := Z.of_nat (length (graph_inputs G)).

Lemma run_sizes_from : sizes_from (graph_steps G) (with_entries no_entries (graph_inputs G)) = Some sizes
  /\ forall c, In c (graph_inputs G) -> 0 <= c.
Proof.
  unfold sizes_of in well_sized. destruct (forallb _ _) eqn:F; [|discriminate]. split; [exact well_sized|].
  intros c C. rewrite forallb_forall in F. apply Z.leb_le, F, C.
Qed.

Lemma run_follows : follows I V 0 first (graph_steps G).
Proof.
  destruct run_sizes_from as [S _].
  destruct (values_follow I _ 0 (input_values (graph_inputs G) x) _ _ S) as [F _]; [|exact defined|].
  - rewrite size_of_entries, input_values_length. reflexivity.
  - rewrite size_of_entries in F. exact F.
Qed.

Lemma run_inputs : forall r, (r < length (graph_inputs G))%nat -> V (Z.of_nat r) = nth r (input_values (graph_inputs G) x) [].
Proof.
  intros r R. destruct run_sizes_from as [S _].
  destruct (values_follow I _ 0 (input_values (graph_inputs G) x) _ _ S) as [_ P]; [|exact defined|].
  - rewrite size_of_entries, input_values_length. reflexivity.
  - unfold V, values_at. rewrite Nat2Z.id. apply P. rewrite input_values_length. exact R.
Qed.

Lemma run_sizes : right_sizes V sizes.
Proof.
  destruct run_sizes_from as [S P]. apply (sizes_from_right I V _ 0 _ _ S).
  - rewrite size_of_entries. cbn. lia.
  - rewrite size_of_entries. exact run_follows.
  - intros v n E. apply entry_at_nth in E as [B E].
    assert (L : (Z.to_nat v < length (graph_inputs G))%nat) by (apply nth_error_Some; congruence).
    rewrite <- (Z2Nat.id v B), run_inputs by exact L. apply input_sizes; [exact E|]. apply P. apply nth_error_In in E. exact E.
Qed.

Lemma run_forms : right_forms V (forms_of sizes G).
Proof.
  unfold forms_of. apply (forms_from_right I V sizes _ 0).
  - exact run_sizes.
  - rewrite size_of_entries, map_length. exact run_follows.
  - rewrite size_of_entries. cbn. lia.
  - apply atoms_right.
Qed.

End Run.
