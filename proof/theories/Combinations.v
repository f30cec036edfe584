(** Combinations sum_i lambda_i g_i of rows, and of the functions of a polytope, and whether they are at least 0 on K. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Streams Integers Rows Domains Interior Tables.
Import ListNotations.
Open Scope Z_scope.

(** Why something is not accepted: for the words of the program, nothing rests on it. *)
Inductive reason :=
  | WrongShape
  | WrongDomain
  | TooFewRows
  | NoSuchRow
  | NamedTwice
  | NoRowOfLayer
  | WrongMultiplier
  | NegativeHalfspace
  | ZeroCircuit
  | NotNonnegative
  | TreeEnds
  | TreeGoesOn
  | NoSuchEntry (token : Z)
  | RowInSpan (row : Z) (path : list Z)
  | NotExcluded (row : Z)
  | NotInSpan (row : Z) (path : list Z)
  | NotNonnegativeRow (row : Z)
  | NonnegativeRow (row : Z)
  | HasSign (row : Z)
  | RowUsed (row : Z)
  | NoCenteredBall
  | RowsEnd (count : Z)
  | RowsGoOn
  | WrongLevel
  | PointMissing
  | PointNegative
  | PointZero
  | PointAbove (count : Z)
  | PointValue
  | NamesItself (row : Z)
  | TooLong
  | HasLine
  | RayBelow (row : Z)
  | KnownAbove (row : Z)
  | TooFewRefuters
  | TooFewBear (count : Z)
  | ZeroRows
  | PairRow
  | NoOpposites (one other : Z)
  | BothInactive (one other : Z)
  | NotReached
  | NonzeroOutside (row : Z)
  | NoSuchBlockRow
  | ColumnMissing (column : Z)
  | PolytopeBlocks
  | PointsEqual
  | PointOutside (second : bool)
  | OutputsDiffer (row : Z)
  | SignUnits
  | SignNotShown (active : bool) (unit : Z)
  | SingularSigns
  | BlockUnits
  | EntryNotZero (row column : Z)
  | UnitMissing (unit : Z)
  | UnitNotLeft (unit : Z)
  | MinorNotPositive (unit : Z)
  | NotDominated (unit : Z)
  | WeightCount (weights units : Z)
  | NotDefinite
  | MinorCount (stated units : Z)
  | PrincipalMinor
  | TooManyMinors
  | UnitZero (unit : Z)
  | NotConstant
  | ZeroUnits
  | UnitHasSign (unit : Z)
  | NotNegativeUnit (unit : Z)
  | NotNonnegativeUnit (unit : Z)
  | UnitsWithoutSign
  | DeterminantZero (active : list Z)
  | DeterminantSign (active : list Z)
  | ValueTakenTwice
  | CellsDomain
  | CellsEnd
  | CellsGoOn
  | NeuronExpected (neuron : Z)
  | NoSuchFunction (number : Z)
  | NotOneSign (neuron : Z)
  | RankBelow (cell : Z)
  | BoundsExpected (cell : Z)
  | NoBound
  | PairsEnd
  | PairsGoOn
  | PairNotApart (one other : Z)
  | LayersEnd
  | LayersGoOn
  | NoRows
  | NotOfWindow (row : Z)
  | StartsApart
  | TooFewOwn (count expected : Z).

Inductive outcome (A : Type) :=
  | Good (result : A)
  | Bad (why : reason).
Arguments Good {A}.
Arguments Bad {A}.

(** A row with its multiplier. *)
Record term := Term { row_number : Z; multiplier : Z; function : integer_row }.

(** The functions that the pairs name, each once. *)
Fixpoint terms_of (functions : table integer_row) (seen : Z) (pairs : list (Z * Z)) : outcome (list term) :=
  match pairs with
  | [] => Good []
  | (i, k) :: pairs' =>
      match entry functions i with
      | None => Bad NoSuchRow
      | Some r =>
          match terms_of functions (with_member seen i) pairs' with
          | Good rest => if member seen i then Bad NamedTwice else Good (Term i k r :: rest)
          | Bad why => Bad why
          end
      end
  end.

Definition common_multiple (ts : list term) : Z := fold_left (fun d t => Z.lcm d (denominator (function t))) ts 1.

(** The sum of the functions with their multipliers, times d; None if d is not a multiple of a denominator. *)
Fixpoint total (d : Z) (ts : list term) : option (list Z * Z) :=
  match ts with
  | [] => Some ([], 0)
  | t :: ts' =>
      let q := Z.quot d (denominator (function t)) in
      if 0 <? q then
        match total d ts' with
        | Some (g, beta) =>
            let k := multiplier t * q in
            Some (added g k (weights (function t)), beta + k * constant (function t))
        | None => None
        end
      else None
  end.

Definition is_row (m : Z) (t : term) : bool := row_number t <? m.

(** What is kept of a term: the row. Multipliers are long. *)
Definition plain (t : term) : term := Term (row_number t) 1 (function t).

(** Whether the sum is at least 0 on the domain. *)
Definition sum_nonnegative (K : integer_domain) (ts : list term) : bool :=
  match total (common_multiple ts) ts with Some (g, beta) => nonnegative K g beta | None => false end.

(** A refuter: its rows are nowhere on the domain all strictly negative. *)
Definition support_of_refuter (m : Z) (K : integer_domain) (functions : table integer_row) (pairs : list (Z * Z))
  : outcome (list term) :=
  match terms_of functions 0 pairs with
  | Bad why => Bad why
  | Good ts =>
      match filter (is_row m) ts with
      | [] => Bad NoRowOfLayer
      | support =>
          if forallb (fun t => 0 <? multiplier t) ts then
            if sum_nonnegative K ts then Good (map plain support) else Bad NotNonnegative
          else Bad WrongMultiplier
      end
  end.

Definition is_negative (t : term) : bool := multiplier t <? 0.
Definition is_positive_row (m : Z) (t : term) : bool := is_row m t && (0 <? multiplier t).

Definition not_zero (sum : option (list Z * Z)) : bool :=
  match sum with Some (g, beta) => negb (forallb (fun a => a =? 0) g && (beta =? 0)) | None => false end.

(** A circuit: nowhere deep inside the domain are its positive rows all strictly negative and its negative rows all
    nonnegative. Its positive and its negative rows. *)
Definition signs_of_circuit (m : Z) (K : integer_domain) (functions : table integer_row) (pairs : list (Z * Z))
  : outcome (list term * list term) :=
  match terms_of functions 0 pairs with
  | Bad why => Bad why
  | Good ts =>
      let positive := filter (is_positive_row m) ts in
      let negative := filter is_negative ts in
      if negb (forallb (fun t => negb (multiplier t =? 0)) ts) then Bad WrongMultiplier
      else if negb (forallb (is_row m) negative) then Bad NegativeHalfspace
      else if match positive, negative with [], [] => true | _, _ => false end then Bad NoRowOfLayer
      else if negb (sum_nonnegative K ts) then Bad NotNonnegative
      else
        match positive with
        | [] => if not_zero (total (common_multiple ts) negative) then Good ([], map plain negative) else Bad ZeroCircuit
        | _ => Good (map plain positive, map plain negative)
        end
  end.

Open Scope R_scope.

Definition named (functions : table integer_row) (t : term) : Prop :=
  entry functions (row_number t) = Some (function t).

Lemma terms_of_named : forall functions pairs seen ts,
  terms_of functions seen pairs = Good ts -> forall t, In t ts -> named functions t.
Proof.
  induction pairs as [|[i k] pairs IH]; intros seen ts H t T; cbn [terms_of] in H.
  - injection H as <-. destruct T.
  - destruct (entry functions i) as [r|] eqn:E; [|discriminate].
    destruct (terms_of functions (with_member seen i) pairs) as [rest|] eqn:R; [|discriminate].
    destruct (member seen i); [discriminate|]. injection H as <-.
    destruct T as [<-|T]; [exact E|]. apply (IH _ _ R t T).
Qed.

Lemma added_length : forall y k z n, (length y <= n)%nat -> (length z <= n)%nat -> (length (added y k z) <= n)%nat.
Proof.
  induction y as [|a y IH]; intros k [|b z] n Y Z; cbn [added length map] in *; try lia.
  - rewrite map_length. simpl. lia.
  - destruct n as [|n]; [lia|]. specialize (IH k z n ltac:(lia) ltac:(lia)). lia.
Qed.

Lemma total_length : forall n d ts g beta, total d ts = Some (g, beta) ->
  (forall t, In t ts -> length (weights (function t)) = n) -> (length g <= n)%nat.
Proof.
  induction ts as [|t ts IH]; intros g beta H L; cbn [total] in H.
  - injection H as <- <-. simpl. lia.
  - destruct (0 <? d ÷ denominator (function t))%Z; [|discriminate].
    destruct (total d ts) as [[g' beta']|]; [|discriminate]. injection H as <- <-.
    apply added_length.
    + apply (IH g' beta' eq_refl). intros s S. apply L. right. exact S.
    + rewrite L; [lia|left; reflexivity].
Qed.

(** A term whose multiplier has the sign of minus its function, or the function is 0. *)
Definition pulls_down (x : point) (t : term) : Prop :=
  (0 < multiplier t)%Z /\ value (function t) x <= 0 \/ (multiplier t < 0)%Z /\ 0 <= value (function t) x.

Lemma total_pulled_down : forall x d ts g beta, total d ts = Some (g, beta) ->
  (forall t, In t ts -> pulls_down x t) ->
  idot g x + IZR beta <= 0 /\
  ((exists t, In t ts /\ (0 < multiplier t)%Z /\ value (function t) x < 0) -> idot g x + IZR beta < 0).
Proof.
  induction ts as [|t ts IH]; intros g beta H D; cbn [total] in H.
  - injection H as <- <-. simpl. split; [lra|]. intros (t & [] & _).
  - set (q := (d ÷ denominator (function t))%Z) in H. destruct (0 <? q)%Z eqn:Q; [|discriminate].
    apply Z.ltb_lt in Q. destruct (total d ts) as [[g' beta']|]; [|discriminate]. injection H as <- <-.
    rewrite idot_added, plus_IZR, !mult_IZR.
    destruct (IH g' beta' eq_refl) as [B S]; [intros s I; apply D; right; exact I|].
    assert (Q' := IZR_lt _ _ Q).
    assert (E : idot g' x + IZR (multiplier t) * IZR q * idot (weights (function t)) x
      + (IZR beta' + IZR (multiplier t) * IZR q * IZR (constant (function t)))
      = (idot g' x + IZR beta') + IZR q * (IZR (multiplier t) * value (function t) x)) by (unfold value; ring).
    assert (T : IZR (multiplier t) * value (function t) x <= 0).
    { destruct (D t (or_introl eq_refl)) as [[M V]|[M V]]; apply IZR_lt in M; nra. }
    rewrite E. split; [nra|]. intros (s & [<-|I] & M & V).
    + apply IZR_lt in M. assert (IZR (multiplier t) * value (function t) x < 0) by nra. nra.
    + assert (idot g' x + IZR beta' < 0) by (apply S; exists s; auto). nra.
Qed.

(** Without terms that are at most 0. *)
Lemma total_filter : forall x d P ts g beta, total d ts = Some (g, beta) ->
  (forall t, In t ts -> P t = false -> (0 < multiplier t)%Z /\ value (function t) x <= 0) ->
  forall g' beta', total d (filter P ts) = Some (g', beta') -> idot g x + IZR beta <= idot g' x + IZR beta'.
Proof.
  induction ts as [|t ts IH]; intros g beta H D g' beta' H'; cbn [total filter] in H, H'.
  - injection H as <- <-. injection H' as <- <-. lra.
  - set (q := (d ÷ denominator (function t))%Z) in H. destruct (0 <? q)%Z eqn:Q; [|discriminate].
    destruct (total d ts) as [[h c]|] eqn:T; [|discriminate]. injection H as <- <-.
    specialize (IH h c eq_refl (fun s S => D s (or_intror S))).
    assert (E : idot (added h (multiplier t * q) (weights (function t))) x
        + IZR (c + multiplier t * q * constant (function t))
      = (idot h x + IZR c) + IZR q * (IZR (multiplier t) * value (function t) x)).
    { rewrite idot_added, plus_IZR, !mult_IZR. unfold value. ring. }
    rewrite E. destruct (P t) eqn:PT.
    + cbn [total] in H'. fold q in H'. rewrite Q in H'.
      destruct (total d (filter P ts)) as [[h' c']|]; [|discriminate]. injection H' as <- <-.
      specialize (IH h' c' eq_refl). rewrite idot_added, plus_IZR, !mult_IZR. unfold value. lra.
    + specialize (IH g' beta' H'). destruct (D t (or_introl eq_refl) PT) as [M V].
      apply Z.ltb_lt, IZR_lt in Q. apply IZR_lt in M.
      assert (IZR (multiplier t) * value (function t) x <= 0) by nra. nra.
Qed.

(** Whether some number of a list is at least 0. *)
Lemma some_nonnegative : forall (ts : list term) x,
  (exists t, In t ts /\ 0 <= value (function t) x) \/ (forall t, In t ts -> value (function t) x < 0).
Proof.
  induction ts as [|t ts IH]; intro x; [right; intros t []|].
  destruct (Rle_or_lt 0 (value (function t) x)) as [L|L]; [left; exists t; split; [left; reflexivity|exact L]|].
  destruct (IH x) as [(s & S & V)|N].
  - left. exists s. split; [right; exact S|exact V].
  - right. intros s [<-|S]; auto.
Qed.

Lemma plain_meets : forall (ts : list term) (P : term -> Prop), (forall t, P t -> P (plain t)) ->
  (forall t, In t ts -> P t) -> forall t, In t (map plain ts) -> P t.
Proof. intros ts P PP H t T. apply in_map_iff in T as (s & <- & S). apply PP, H, S. Qed.

Lemma plain_exists : forall (ts : list term) x,
  (exists t, In t ts /\ 0 <= value (function t) x) -> exists t, In t (map plain ts) /\ 0 <= value (function t) x.
Proof. intros ts x (t & T & V). exists (plain t). split; [apply in_map, T|exact V]. Qed.

Section Sound.

Variable n : nat.
Variable K : domain.
Variable IK : integer_domain.
Variable m : Z.
Variable functions : table integer_row.
Hypothesis made : domain_made n K IK.
Hypothesis lengths : forall t, named functions t -> length (weights (function t)) = n.
Hypothesis halfspaces_below : forall t, named functions t -> is_row m t = false -> forall x, inside n K x -> value (function t) x <= 0.

Lemma sum_nonnegative_spec : forall ts, sum_nonnegative IK ts = true -> (forall t, In t ts -> named functions t) ->
  exists g beta, total (common_multiple ts) ts = Some (g, beta) /\ forall x, inside n K x -> 0 <= idot g x + IZR beta.
Proof.
  intros ts H N. unfold sum_nonnegative in H.
  destruct (total (common_multiple ts) ts) as [[g beta]|] eqn:T; [|discriminate].
  exists g, beta. split; [reflexivity|]. intros x X.
  apply (nonnegative_sound n K IK); auto. apply (total_length n _ _ _ _ T). intros t I. apply lengths, N, I.
Qed.

Theorem support_of_refuter_sound : forall pairs support, support_of_refuter m IK functions pairs = Good support ->
  (forall t, In t support -> named functions t /\ is_row m t = true) /\
  forall x, inside n K x -> exists t, In t support /\ 0 <= value (function t) x.
Proof.
  intros pairs support H. unfold support_of_refuter in H.
  destruct (terms_of functions 0 pairs) as [ts|] eqn:E; [|discriminate].
  assert (N := terms_of_named _ _ _ _ E).
  destruct (filter (is_row m) ts) as [|t0 support'] eqn:F; [discriminate|].
  destruct (forallb (fun t => 0 <? multiplier t)%Z ts) eqn:P; [|discriminate].
  destruct (sum_nonnegative IK ts) eqn:S; [|discriminate].
  assert (SE : support = map plain (filter (is_row m) ts)) by (rewrite F; congruence). subst support. clear H.
  rewrite forallb_forall in P. split.
  - apply plain_meets; [auto|]. intros t T. apply filter_In in T as [T R]. split; [apply N, T|exact R].
  - intros x X. apply plain_exists. destruct (some_nonnegative (filter (is_row m) ts) x) as [G|L]; [exact G|exfalso].
    destruct (sum_nonnegative_spec ts S N) as (g & beta & T & B).
    destruct (total_pulled_down x _ ts g beta T) as [_ D].
    + intros t I. left. split; [apply Z.ltb_lt, P, I|].
      destruct (is_row m t) eqn:R.
      * apply Rlt_le, L. apply filter_In. auto.
      * apply halfspaces_below; auto.
    + specialize (B x X). assert (I : In t0 (filter (is_row m) ts)) by (rewrite F; left; reflexivity).
      assert (idot g x + IZR beta < 0); [|lra]. apply D. exists t0.
      assert (I' := I). apply filter_In in I' as [I' _].
      split; [exact I'|]. split; [apply Z.ltb_lt, P, I'|apply L, I].
Qed.

Theorem signs_of_circuit_sound : forall pairs positive negative,
  signs_of_circuit m IK functions pairs = Good (positive, negative) ->
  (forall t, In t positive -> named functions t /\ is_row m t = true) /\
  (forall t, In t negative -> named functions t /\ is_row m t = true) /\
  forall x, deep n K x -> (forall t, In t negative -> 0 <= value (function t) x) ->
    exists t, In t positive /\ 0 <= value (function t) x.
Proof.
  intros pairs positive negative H. unfold signs_of_circuit in H.
  destruct (terms_of functions 0 pairs) as [ts|] eqn:E; [|discriminate].
  assert (N := terms_of_named _ _ _ _ E).
  set (pos := filter (is_positive_row m) ts) in H. set (neg := filter is_negative ts) in H.
  destruct (negb (forallb (fun t => negb (multiplier t =? 0)%Z) ts)) eqn:NZ; [discriminate|].
  destruct (negb (forallb (is_row m) neg)) eqn:NR; [discriminate|].
  destruct (match pos, neg with [], [] => true | _, _ => false end); [discriminate|].
  destruct (negb (sum_nonnegative IK ts)) eqn:S; [discriminate|].
  apply Bool.negb_false_iff in NZ, NR, S. rewrite forallb_forall in NZ, NR.
  assert (R : (positive, negative) = (map plain pos, map plain neg) /\ (pos = [] -> not_zero (total (common_multiple ts) neg) = true)).
  { destruct pos as [|t0 pos'].
    - destruct (not_zero (total (common_multiple ts) neg)); [|discriminate]. injection H as <- <-. auto.
    - injection H as <- <-. split; [reflexivity|discriminate]. }
  clear H. destruct R as [R ZC]. injection R as -> ->.
  split; [|split].
  - apply plain_meets; [auto|]. intros t T. apply filter_In in T as [T P]. split; [apply N, T|]. apply andb_prop in P. tauto.
  - apply plain_meets; [auto|]. intros t T. split; [|apply NR, T]. apply filter_In in T as [T _]. apply N, T.
  - intros x (X & X') NP. apply plain_exists.
    assert (NN : forall t, In t neg -> 0 <= value (function t) x) by (intros t T; apply (NP (plain t)), in_map, T).
    destruct (some_nonnegative pos x) as [G|L]; [exact G|exfalso].
    destruct (sum_nonnegative_spec ts S N) as (g & beta & T & B).
    assert (PD : forall t, In t ts -> pulls_down x t).
    { intros t I. specialize (NZ t I). apply Bool.negb_true_iff, Z.eqb_neq in NZ.
      destruct (Z.lt_ge_cases (multiplier t) 0) as [M|M].
      - right. split; [exact M|]. apply NN, filter_In. split; [exact I|]. apply Z.ltb_lt, M.
      - left. split; [lia|]. destruct (is_row m t) eqn:R.
        + apply Rlt_le, L, filter_In. split; [exact I|]. unfold is_positive_row. rewrite R. simpl. apply Z.ltb_lt. lia.
        + apply halfspaces_below; auto. }
    destruct (total_pulled_down x _ ts g beta T PD) as [_ D].
    destruct pos as [|t0 pos'] eqn:PE.
    + specialize (ZC eq_refl). unfold not_zero in ZC.
      destruct (total (common_multiple ts) neg) as [[g' beta']|] eqn:TN; [|discriminate].
      (* The sum of the rows alone is at least 0 on K, and 0 at x. *)
      assert (Split : forall y, inside n K y -> 0 <= idot g' y + IZR beta').
      { intros y Y. specialize (B y Y). eapply Rle_trans; [exact B|].
        apply (total_filter y (common_multiple ts) is_negative ts g beta T); [|exact TN].
        intros t I NG. unfold is_negative in NG. apply Z.ltb_ge in NG.
        specialize (NZ t I). apply Bool.negb_true_iff, Z.eqb_neq in NZ.
        assert (M : (0 < multiplier t)%Z) by lia. split; [exact M|].
        apply halfspaces_below; auto. destruct (is_row m t) eqn:R; [|reflexivity].
        assert (C : In t []); [|destruct C]. rewrite <- PE. apply filter_In. split; [exact I|].
        unfold is_positive_row. rewrite R. apply Z.ltb_lt, M. }
      assert (ZX : idot g' x + IZR beta' = 0).
      { apply Rle_antisym; [|apply Split, X].
        destruct (total_pulled_down x _ neg g' beta' TN) as [A _]; [|exact A].
        intros t I. apply PD. apply filter_In in I. tauto. }
      destruct (zero_deep n K x g' beta' (conj X X') Split ZX) as [G0 B0].
      subst beta'. rewrite Bool.negb_true_iff in ZC. simpl in ZC. rewrite Bool.andb_true_r in ZC.
      assert (F : forallb (fun a => a =? 0)%Z g' = true); [|congruence].
      clear - G0. assert (G1 : forall j, IZR (nth j g' 0%Z) = 0).
      { intro j. destruct (Nat.lt_ge_cases j (length g')) as [J|J]; [|rewrite nth_overflow; auto].
        rewrite <- (G0 (fun k => if Nat.eqb k j then 1 else 0)). clear G0. revert j J.
        induction g' as [|a g' IH]; intros j J; [simpl in J; lia|]. destruct j as [|j]; cbn [nth idot Nat.eqb].
        - rewrite (idot_ext _ _ zero_point) by reflexivity.
          replace (idot g' zero_point) with 0; [ring|].
          rewrite (idot_ext g' zero_point (times 0 zero_point)); [rewrite idot_times; ring|].
          intros; unfold times, zero_point; ring.
        - rewrite (IH j); [ring|simpl in J; lia]. }
      apply forallb_forall. intros a A. apply (In_nth _ _ 0%Z) in A as (j & _ & <-). apply Z.eqb_eq, eq_IZR, G1.
    + assert (I : In t0 pos) by (rewrite PE; left; reflexivity).
      assert (I' := I). unfold pos in I'. apply filter_In in I' as [I1 I2]. apply andb_prop in I2 as [_ I2].
      specialize (B x X). assert (idot g x + IZR beta < 0); [|lra]. apply D. exists t0.
      split; [exact I1|]. split; [apply Z.ltb_lt, I2|]. apply L. left. reflexivity.
Qed.

End Sound.
