(** The affine functions that a network is made of where the signs of its neurons are known (docs/certificates-network.md, "Dense
    networks"). A vector (beta, w) stands for the function <w, x> + beta; vectors of one layer have one denominator. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Networks Integers Rows Domains.
From Proof.networks Require Import Dependencies.
Import ListNotations.
Open Scope Z_scope.

Fixpoint all_of {A B : Type} (f : A -> option B) (l : list A) : option (list B) :=
  match l with
  | [] => Some []
  | a :: l' => match f a, all_of f l' with Some b, Some rest => Some (b :: rest) | _, _ => None end
  end.

(** The positive multiple with coprime entries, or zero. *)
Definition coprime (z : list Z) : list Z := let c := content z in if 1 <? c then divided c z else z.

(** The functions of the domain, at least 0 on it; None on a ball. *)
Fixpoint box_functions (units : list (list Z)) (l u : list Z) (d : Z) : list (list Z) :=
  match units, l, u with
  | e :: units', a :: l', b :: u' =>
      coprime (- a :: map (fun k => d * k) e) :: coprime (b :: map (fun k => - d * k) e) :: box_functions units' l' u' d
  | _, _, _ => []
  end.

Definition domain_functions (n : nat) (K : integer_domain) : option (list (list Z)) :=
  match K with
  | ISpace => Some []
  | IOrthant => Some (map (fun e => 0 :: e) (unit_vectors n))
  | IBox l u d => Some (box_functions (unit_vectors n) l u d)
  | IPolytope functions => Some (map (fun r => coprime (map Z.opp (constant r :: weights r))) functions)
  | IBall _ _ _ | INonnegativeBall _ => None
  end.

(** A layer: (b, w) of each row as integers over one positive denominator, and the slopes. *)
Record integer_layer := IntegerLayer { matrix : list (list Z); factor : Z; slopes : list Q }.

Definition entries_of (u : sloped_row) : list Q := bias (affine_part u) :: normal (affine_part u).

Definition integer_layer_of (L : list sloped_row) : option integer_layer :=
  let rows := map entries_of L in
  let d := common_denominator (concat rows) in
  if 0 <? d then
    match all_of (scaled d) rows with Some matrix => Some (IntegerLayer matrix d (map slope L)) | None => None end
  else None.

(** The vectors and their denominator without a factor that all have. *)
Definition reduced (rows : list (list Z)) (d : Z) : list (list Z) * Z :=
  let c := content (d :: map content rows) in
  if 1 <? c then
    match all_of (quotients c) rows, Z.quotrem d c with
    | Some rows', (e, 0) => (rows', e)
    | _, _ => (rows, d)
    end
  else (rows, d).

(** The pre-activations of a layer, of its inputs over d. *)
Definition pre_activations (n : nat) (L : integer_layer) (inputs : list (list Z)) (d : Z) : list (list Z) * Z :=
  let columns := (d :: repeat 0 n) :: inputs in
  reduced (map (fun row => combination row columns) (matrix L)) (d * factor L).

Fixpoint scaled_rows (factors : list Z) (rows : list (list Z)) : list (list Z) :=
  match factors, rows with
  | f :: factors', row :: rows' => map (fun a => f * a) row :: scaled_rows factors' rows'
  | _, _ => []
  end.

(** The outputs of a layer, of its pre-activations over d and of the factors that their signs choose. *)
Definition activations (rows : list (list Z)) (d : Z) (factors : list Q) : option (list (list Z) * Z) :=
  match over_one_denominator factors with
  | Some (fs, c) => Some (scaled_rows fs rows, d * c)
  | None => None
  end.

(** The inputs of the first layer, over 1. *)
Definition coordinates (n : nat) : list (list Z) := map (fun e => 0 :: e) (unit_vectors n).

(** Each row has as many entries as the layer before has rows. *)
Fixpoint widths_fit (n : nat) (N : list (list sloped_row)) : bool :=
  match N with
  | [] => true
  | L :: rest => forallb (fun u => has_length n (normal (affine_part u))) L && widths_fit (length L) rest
  end.

Definition is_one (s : Q) : bool := Qnum s =? Zpos (Qden s).

(** How many rows are neurons. *)
Definition neuron_count (N : list (list sloped_row)) : Z :=
  Z.of_nat (length (filter (fun u => negb (is_one (slope u))) (concat N))).

Open Scope R_scope.

Lemma all_of_spec : forall A B (f : A -> option B) l l', all_of f l = Some l' -> Forall2 (fun a b => f a = Some b) l l'.
Proof.
  induction l as [|a l IH]; intros l' H; cbn [all_of] in H; [injection H as <-; constructor|].
  destruct (f a) as [b|] eqn:E; [|discriminate]. destruct (all_of f l) as [rest|]; [|discriminate].
  injection H as <-. constructor; [exact E|]. apply IH. reflexivity.
Qed.

Lemma idot_quotients : forall d y z, quotients d y = Some z -> forall p, idot y p = IZR d * idot z p.
Proof.
  induction y as [|a y IH]; intros z H p; cbn [quotients] in H; [injection H as <-; simpl; ring|].
  pose proof (Z.quotrem_eq a d) as E. destruct (Z.quotrem a d) as [q r].
  destruct (r =? 0)%Z eqn:R; [|discriminate]. apply Z.eqb_eq in R. subst r.
  destruct (quotients d y) as [rest|]; [|discriminate]. injection H as <-.
  cbn [idot]. rewrite (IH rest eq_refl), E, plus_IZR, mult_IZR. ring.
Qed.

Lemma coprime_spec : forall z, exists f, 0 < f /\ forall p, idot z p = f * idot (coprime z) p.
Proof.
  intro z. unfold coprime. assert (One : exists f, 0 < f /\ forall p, idot z p = f * idot z p).
  { exists 1. split; [lra|]. intro p. ring. }
  destruct (1 <? content z)%Z eqn:C; [|exact One]. apply Z.ltb_lt in C. unfold divided.
  destruct (content z =? 0)%Z; [exact One|]. destruct (quotients (content z) z) as [y|] eqn:Q; [|exact One].
  exists (IZR (content z)). split; [apply (IZR_lt 0); lia|]. apply idot_quotients, Q.
Qed.

Lemma coprime_nonnegative : forall z p, 0 <= idot z p -> 0 <= idot (coprime z) p.
Proof.
  intros z p H. destruct (coprime_spec z) as (f & F & E). rewrite E in H. apply Rmult_le_reg_l with f; lra.
Qed.

Lemma idot_opp : forall z p, idot (map Z.opp z) p = - idot z p.
Proof. induction z as [|a z IH]; intro p; cbn [map idot]; [ring|]. rewrite IH, opp_IZR. ring. Qed.

(** * The domain *)

Lemma unit_functions : forall n k f x, (k < n)%nat ->
  idot (map (fun a => (f * a)%Z) (unit_vector n k)) x = IZR f * x k.
Proof. intros. rewrite idot_scaled, idot_unit_vector by assumption. reflexivity. Qed.

Lemma box_functions_spec : forall n d lower upper x, 0 < IZR d ->
  (forall j, (j < n)%nat -> Q2R (nth j lower 0%Q) <= x j <= Q2R (nth j upper 0%Q)) ->
  forall start l u, (forall j, IZR (nth j l 0%Z) = IZR d * Q2R (nth (start + j) lower 0%Q)) ->
    (forall j, IZR (nth j u 0%Z) = IZR d * Q2R (nth (start + j) upper 0%Q)) ->
  forall k, (start + k <= n)%nat ->
  forall f, In f (box_functions (map (unit_vector n) (seq start k)) l u d) -> 0 <= idot f (cons 1 x).
Proof.
  intros n d lower upper x D X start l u L U k. revert start l u L U.
  induction k as [|k IH]; intros start l u L U SK f F; [destruct F|].
  cbn [seq map box_functions] in F. destruct l as [|a l]; [destruct F|]. destruct u as [|b u]; [destruct F|].
  assert (B := X start ltac:(lia)). assert (A0 := L 0%nat). assert (B0 := U 0%nat). rewrite Nat.add_0_r in A0, B0.
  cbn [nth] in A0, B0. destruct F as [<-|[<-|F]].
  - apply coprime_nonnegative. rewrite idot_cons, unit_functions, opp_IZR, A0 by lia.
    assert (0 <= IZR d * (x start - Q2R (nth start lower 0%Q))) by (apply Rmult_le_pos; lra). lra.
  - apply coprime_nonnegative. rewrite idot_cons, unit_functions, opp_IZR, B0 by lia.
    assert (0 <= IZR d * (Q2R (nth start upper 0%Q) - x start)) by (apply Rmult_le_pos; lra). lra.
  - apply (IH (S start) l u); [| |lia|exact F]; intro j.
    + replace (S start + j)%nat with (start + S j)%nat by lia. apply (L (S j)).
    + replace (S start + j)%nat with (start + S j)%nat by lia. apply (U (S j)).
Qed.

(** The functions of the domain are at least 0 on it. *)
Theorem domain_functions_spec : forall n K IK limits, domain_made n K IK -> domain_functions n IK = Some limits ->
  forall x f, inside n K x -> In f limits -> 0 <= idot f (cons 1 x).
Proof.
  intros n K IK limits M H x f X F. destruct M; cbn [domain_functions] in H; try discriminate; injection H as <-.
  - destruct F.
  - apply in_map_iff in F as (e & <- & E). unfold unit_vectors in E. apply in_map_iff in E as (k & <- & S).
    apply in_seq in S. rewrite idot_cons, idot_unit_vector by lia. assert (0 <= x k) by (apply X; lia). lra.
  - apply (box_functions_spec n d lower upper x) with (start := 0%nat) (l := l) (u := u) (k := n); auto.
    + apply (multiples_nth _ _ _ H2).
    + apply (multiples_nth _ _ _ H3).
  - apply in_map_iff in F as (r & <- & R). apply coprime_nonnegative. rewrite idot_cons, idot_opp, opp_IZR.
    destruct (Forall2_in_right _ _ _ _ _ H0 r R) as (g & G & _ & P & V). cbn [inside] in X. specialize (X g G).
    specialize (V x). unfold value in V.
    assert (0 <= IZR (denominator r) * - affine g x) by (apply Rmult_le_pos; lra). lra.
Qed.

(** * One layer *)

(** The slopes and the pre-activations of a layer at its input v. *)
Definition sloped (L : list sloped_row) (v : point) : list (Q * R) :=
  map (fun u => (slope u, affine (affine_part u) v)) L.

Definition all_activated (l : list (Q * R)) : list R := map (fun a => activated (fst a) (snd a)) l.

Lemma layer_value_sloped : forall L v, layer_value L v = all_activated (sloped L v).
Proof. intros. unfold layer_value, all_activated, sloped. rewrite map_map. reflexivity. Qed.

(** Vectors over d that have at p the numbers of v. *)
Definition values_at (p : point) (d : Z) (vectors : list (list Z)) (v : point) : Prop :=
  0 < IZR d /\ forall j, idot (nth j vectors []) p = IZR d * v j.

Definition rows_at (p : point) (d : Z) (rows : list (list Z)) (l : list (Q * R)) : Prop :=
  0 < IZR d /\ Forall2 (fun row a => idot row p = IZR d * snd a) rows l.

Lemma reduced_spec : forall p rows d rows' e l, reduced rows d = (rows', e) -> rows_at p d rows l -> rows_at p e rows' l.
Proof.
  intros p rows d rows' e l H (D & R). unfold reduced in H.
  assert (Same : (rows, d) = (rows', e) -> rows_at p e rows' l) by (intro E; injection E as <- <-; split; assumption).
  set (c := content (d :: map content rows)) in H. destruct (1 <? c)%Z eqn:C; [|apply Same, H].
  apply Z.ltb_lt in C. destruct (all_of (quotients c) rows) as [rows0|] eqn:Q; [|apply Same, H].
  pose proof (Z.quotrem_eq d c) as E. destruct (Z.quotrem d c) as [e0 [|r|r]]; try (apply Same, H).
  injection H as <- <-. apply all_of_spec in Q. apply (f_equal IZR) in E. rewrite Z.add_0_r, mult_IZR in E.
  assert (C' : 0 < IZR c) by (apply (IZR_lt 0); lia). clear Same. split.
  - rewrite E in D. apply Rmult_lt_reg_l with (IZR c); lra.
  - clear D. revert rows0 Q. clearbody c. induction R as [|row a rows l RA _ IH]; intros rows0 Q; inversion Q; subst; constructor.
    + apply Rmult_eq_reg_l with (IZR c); [|lra]. rewrite <- (idot_quotients _ _ _ H1), RA, E. ring.
    + apply IH. assumption.
Qed.

Lemma idot_constant : forall n d x, idot (d :: repeat 0%Z n) (cons 1 x) = IZR d.
Proof.
  intros n d x. rewrite idot_cons, (zeros_idot (repeat 0%Z n)); [ring|]. clear. induction n; [reflexivity|]. exact IHn.
Qed.

Lemma integer_layer_of_spec : forall L layer, integer_layer_of L = Some layer ->
  0 < IZR (factor layer) /\ Forall2 (fun row u => multiples (factor layer) row (entries_of u)) (matrix layer) L /\
  slopes layer = map slope L.
Proof.
  intros L layer H. unfold integer_layer_of in H. set (d := common_denominator _) in H.
  destruct (0 <? d)%Z eqn:D; [|discriminate]. apply Z.ltb_lt, IZR_lt in D.
  destruct (all_of (scaled d) (map entries_of L)) as [rows|] eqn:A; [|discriminate]. injection H as <-.
  split; [exact D|]. split; [|reflexivity]. cbn [factor matrix]. apply all_of_spec in A. clearbody d.
  revert rows A. induction L as [|u L IH]; intros rows A; inversion A; subst; constructor.
  - apply scaled_multiples. assumption.
  - apply IH. assumption.
Qed.

(** The pre-activations of a layer are those functions. *)
Theorem pre_activations_spec : forall n x L layer inputs d rows e v,
  integer_layer_of L = Some layer -> pre_activations n layer inputs d = (rows, e) -> values_at (cons 1 x) d inputs v ->
  rows_at (cons 1 x) e rows (sloped L v).
Proof.
  intros n x L layer inputs d rows e v I H (D & V). apply integer_layer_of_spec in I as (F & M & _).
  unfold pre_activations in H. apply (reduced_spec _ _ _ _ _ _ H). split.
  - rewrite mult_IZR. apply Rmult_lt_0_compat; assumption.
  - clear H. induction M as [|row u matrix L MU _ IH]; cbn [map sloped]; constructor; [|exact IH].
    unfold entries_of in MU. inversion MU as [|b ? w ? EB MW]; subst. cbn [snd].
    rewrite combination_value.
    change (IZR b * idot (d :: repeat 0%Z n) (cons 1 x) + idot w (fun j => idot (nth j inputs []) (cons 1 x))
      = IZR (d * factor layer) * affine (affine_part u) v).
    rewrite idot_constant.
    rewrite (idot_ext w _ (times (IZR d) v)) by (intros j _; apply V).
    rewrite idot_times, (multiples_dot _ _ _ MW), EB, mult_IZR. unfold affine. ring.
Qed.

(** Each neuron is multiplied by what its sign chooses. *)
Definition factor_right (f : Q) (a : Q * R) : Prop := Q2R f * snd a = activated (fst a) (snd a).

Theorem activations_spec : forall p rows d factors rows' e l, activations rows d factors = Some (rows', e) ->
  rows_at p d rows l -> Forall2 factor_right factors l -> values_at p e rows' (point_of (all_activated l)).
Proof.
  intros p rows d factors rows' e l H (D & R) F. unfold activations in H.
  destruct (over_one_denominator factors) as [[fs c]|] eqn:O; [|discriminate]. injection H as <- <-.
  apply over_one_denominator_spec in O as [M C]. split; [rewrite mult_IZR; apply Rmult_lt_0_compat; assumption|].
  revert rows l R F. induction M as [|z q fs factors E _ IH]; intros rows l R F; inversion F as [|? a ? l' FA FL]; subst.
  - inversion R; subst. intros [|j]; unfold point_of; cbn; ring.
  - inversion R as [|row ? rows' ? RA RL]; subst. cbn [scaled_rows]. intros [|j].
    + cbn [nth]. rewrite idot_scaled, RA, E, mult_IZR. unfold point_of. cbn [all_activated map nth]. rewrite <- FA. ring.
    + apply (IH rows' l' RL FL j).
Qed.

(** * The first layer *)

Lemma dot_ext : forall w x y, (forall j, (j < length w)%nat -> x j = y j) -> dot w x = dot w y.
Proof.
  induction w as [|a w IH]; intros x y H; simpl; [reflexivity|].
  rewrite (H 0%nat) by (simpl; lia). f_equal. apply IH. intros j J. apply H. simpl. lia.
Qed.

(** The first n coordinates, and 0 behind them. *)
Definition shortened (n : nat) (x : point) : point := point_of (map x (seq 0 n)).

Lemma shortened_nth : forall n x j, (j < n)%nat -> shortened n x j = x j.
Proof.
  intros n x j J. unfold shortened, point_of. rewrite (nth_indep _ 0 (x 0%nat)) by (rewrite map_length, seq_length; exact J).
  rewrite map_nth, seq_nth by exact J. reflexivity.
Qed.

Lemma coordinates_spec : forall n x, values_at (cons 1 x) 1 (coordinates n) (shortened n x).
Proof.
  intros n x. split; [lra|]. intro j. unfold coordinates, unit_vectors. rewrite map_map.
  destruct (Nat.lt_ge_cases j n) as [J|J].
  - rewrite (nth_indep _ [] ((fun k => 0%Z :: unit_vector n k) 0%nat)) by (rewrite map_length, seq_length; exact J).
    rewrite (map_nth (fun k => 0%Z :: unit_vector n k)), seq_nth, idot_cons, idot_unit_vector, shortened_nth by exact J.
    simpl. ring.
  - rewrite nth_overflow by (rewrite map_length, seq_length; exact J).
    unfold shortened, point_of. rewrite nth_overflow by (rewrite map_length, seq_length; exact J). simpl. ring.
Qed.

Lemma network_value_shortened : forall n L N x, widths_fit n (L :: N) = true ->
  network_value (L :: N) (shortened n x) = network_value (L :: N) x.
Proof.
  intros n L N x W. cbn [widths_fit] in W. apply andb_prop in W as [W _]. rewrite forallb_forall in W.
  cbn [network_value]. do 2 f_equal. apply map_ext_in. intros u U. f_equal. unfold affine. f_equal.
  specialize (W u U). apply has_length_spec in W. apply dot_ext. intros j J. apply shortened_nth. lia.
Qed.
